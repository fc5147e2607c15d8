// Which configuration is used, and which is not yet: that of the base holds, so that a change cannot switch off its own
// check. What the change makes of the file is read all the same, and told before it holds.
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../core/config.ts'
import type { Config, ReadConfig } from '../core/config.ts'
import type { ComparedProblem } from '../core/index.ts'
import { isSameProblem } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import { filesAt } from '../git/tree.ts'
import type { Tree } from '../git/tree.ts'
import { loadAssumed } from '../manifests/assumed.ts'
import { clusterNames } from '../manifests/load.ts'
import type { Gathered } from '../manifests/load.ts'
import { everyCluster, gatherOf, unknownClusters } from './clusters.ts'
import type { Reading } from './clusters.ts'
import type { ReportConfiguration } from './report.ts'

/** A configuration file other than the one that is used. */
export interface Proposed {
  readonly change: 'added' | 'changed' | 'removed'
  readonly config: Config
  readonly problems: readonly Problem[]
}

/** The configuration at the root of a tree; without one the defaults hold. */
export async function readConfiguration(tree: Tree): Promise<ReadConfig> {
  const text = await textOf(tree)
  return text === null && (await isMisnamed(tree)) ? MISNAMED : readText(text)
}

async function isMisnamed(tree: Tree): Promise<boolean> {
  return (await filesAt(tree, [OTHER_ENDING])).length > 0
}

const OTHER_ENDING = CONFIG_PATH.replace(/\.yml$/, '.yaml')

const MISNAMED: ReadConfig = {
  config: DEFAULT_CONFIG,
  problems: [
    {
      path: OTHER_ENDING,
      line: 1,
      code: 'configuration',
      class: 'unreadable',
      message: `${OTHER_ENDING} is not read: the configuration is called ${CONFIG_PATH}, and the defaults hold.`,
      remedy: 'Give it that name.',
      hides: { namespaces: 'all' },
    },
  ],
}

/** The configuration of `head`, where it is not that of `used`. */
export async function proposedConfiguration(used: Tree, head: Tree): Promise<Proposed | null> {
  const [before, after] = [await textOf(used), await textOf(head)]
  if (before === after) {
    const isNews = after === null && (await isMisnamed(head)) && !(await isMisnamed(used))
    return isNews ? { change: 'added', ...MISNAMED } : null
  }
  const change = before === null ? 'added' : after === null ? 'removed' : 'changed'
  return { change, ...readText(after) }
}

/**
 * What is proposed, with what would be wrong with it where it held: what it names, the head may not have. `near` is the
 * head as the configuration that is used reads it.
 */
export async function tryProposed(
  proposed: Proposed | null,
  reading: Reading,
  head: Tree,
  near: Gathered,
): Promise<Proposed | null> {
  if (proposed === null || proposed.change === 'removed' || proposed.problems.length > 0) return proposed
  const { config } = proposed
  if (!isSoonTried(config)) return proposed
  const gathered = await gatherOf({ ...reading, config }, head, undefined, near)
  const names = clusterNames([gathered])
  const found = everyCluster(config, names, [gathered]).map(({ name }) => name)
  const assumed = [...new Set(config.clusters.flatMap(({ assume }) => assume.manifests))]
  const { problems } = await loadAssumed(head, assumed, reading.workshop)
  return { ...proposed, problems: [...unknownClusters(config, names, found), ...problems] }
}

/** Whoever writes the head writes its patterns, of which some take longer to match than anybody waits. */
function isSoonTried({ clusters, ignorePaths }: Config): boolean {
  const patterns = [...ignorePaths, ...clusters.flatMap(({ paths }) => paths ?? [])]
  return clusters.length <= MOST && patterns.length <= MOST && patterns.every(isSimple)
}

const MOST = 200

/** Folders, and such as `apps/{prod,staging}` and `clusters/*\/*.yaml`. */
function isSimple(pattern: string): boolean {
  const isFew = (text: string, most: number): boolean => (text.match(/\*+|[?{[]/g) ?? []).length <= most
  return (
    pattern.length <= 1000 &&
    !/[()\\]/.test(pattern) &&
    isFew(pattern, 4) &&
    pattern.split('/').every((one) => isFew(one, 2))
  )
}

/** What is wrong with the configuration that is used, each at its line of the file that is proposed, where it still is. */
export function problemsOnHead(used: readonly Problem[], proposed: Proposed | null): readonly Problem[] {
  return used.map((problem) => proposed?.problems.find((other) => isSameProblem(problem, other)) ?? problem)
}

/** What is wrong with the file that is proposed. It hides nothing: nothing was judged by it. */
export function proposedProblems(
  used: readonly Problem[],
  proposed: Proposed | null,
): readonly ComparedProblem[] {
  return (proposed?.problems ?? []).map((problem) => {
    const known = used.some((other) => isSameProblem(problem, other))
    return {
      ...problem,
      hides: { namespaces: [] },
      change: known ? 'existing' : 'introduced',
      relevant: true,
    }
  })
}

export function describeProposed(proposed: Proposed | null): ReportConfiguration | null {
  return proposed === null ? null : { change: proposed.change, mistakes: proposed.problems.length }
}

/** Whatever stands there: one in another encoding, or a link to one, is a problem and no configuration that is left out. */
async function textOf(tree: Tree): Promise<string | null> {
  const [file] = await filesAt(tree, [CONFIG_PATH])
  const bytes = file === undefined ? undefined : (await tree.read([file])).get(CONFIG_PATH)
  return bytes === undefined ? null : new TextDecoder().decode(bytes)
}

function readText(text: string | null): ReadConfig {
  return text === null ? { config: DEFAULT_CONFIG, problems: [] } : readConfig(CONFIG_PATH, text)
}
