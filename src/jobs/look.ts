// Looking at a pull request as it is now: the tip of its base, its head, and what merging the two gives.
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../core/config.ts'
import type { Problem } from '../core/source/problem.ts'
import { proposedConfiguration, readConfiguration } from '../examine/configuration.ts'
import type { Proposed } from '../examine/configuration.ts'
import { examine } from '../examine/examine.ts'
import type { Report } from '../examine/report.ts'
import type { Client } from '../github/api/client.ts'
import { getMeeting } from '../github/api/pulls.ts'
import type { Meeting, Pull } from '../github/api/pulls.ts'
import { FetchFailed } from '../git/fetch.ts'
import type { Mirror } from '../git/mirror.ts'
import { gitTree } from '../git/tree.ts'
import type { Tree } from '../git/tree.ts'
import { today } from '../ops/clock.ts'
import type { Bench } from './bench.ts'

export interface Sight {
  /** The tip of the base branch. */
  readonly baseSha: string
  /** URLs under which objects of GitOps controllers may name the repository. */
  readonly repositories: readonly string[]
  readonly config: Config
  readonly configProblems: readonly Problem[]
  readonly proposed: Proposed | null
  readonly base: Tree
  readonly head: Tree
  /** What the merge gives; paths where it conflicts. */
  readonly merged:
    | { readonly kind: 'clean'; readonly tree: Tree }
    | { readonly kind: 'conflict'; readonly paths: readonly string[] }
}

/**
 * Fetches the three commits and merges. The configuration is that of the base: a change cannot switch off its own check.
 * @param met where the head meets its base, where that has just been asked
 */
export async function look(
  bench: Bench,
  client: Client,
  pull: Pull,
  met: Meeting | null = null,
): Promise<Sight> {
  const [{ baseTip, mergeBase }] = await Promise.all([
    met ?? getMeeting(client, pull.baseRef, pull.headSha),
    bench.gitTokens.get(client),
  ])
  const mirror = bench.mirror(client.repository)
  const commits = [baseTip, pull.headSha, ...(mergeBase === null ? [] : [mergeBase])]
  await bring(bench, client, mirror, commits, [
    `refs/pull/${String(pull.number)}/head`,
    `refs/heads/${pull.baseRef}`,
  ])
  const merge = await mirror.trueMerge({ base: baseTip, head: pull.headSha, mergeBase })
  const tree = (id: string): Tree => yielding(gitTree(mirror.directory, id))
  const merged = merge.kind === 'conflict' ? merge : { kind: merge.kind, tree: tree(merge.tree) }
  return {
    baseSha: baseTip,
    repositories: [bench.webUrl(client.repository)],
    ...(await trustedOf(tree(baseTip), merged.kind === 'conflict' ? null : merged.tree)),
    head: tree(pull.headSha),
    merged,
  }
}

/** Two commits, of which the one already is what merging gives. */
export async function lookAtMerged(
  bench: Bench,
  client: Client,
  baseSha: string,
  headSha: string,
): Promise<Sight> {
  const mirror = bench.mirror(client.repository)
  await bring(bench, client, mirror, [baseSha, headSha], [])
  const head = yielding(gitTree(mirror.directory, headSha))
  return {
    baseSha,
    repositories: [bench.webUrl(client.repository)],
    ...(await trustedOf(yielding(gitTree(mirror.directory, baseSha)), head)),
    head,
    merged: { kind: 'clean', tree: head },
  }
}

/** What the base says, and what the merge makes of its configuration; null where it does not merge. */
async function trustedOf(
  base: Tree,
  merged: Tree | null,
): Promise<Pick<Sight, 'base' | 'config' | 'configProblems' | 'proposed'>> {
  const { config, problems } = await readConfiguration(base)
  const proposed = merged === null ? null : await proposedConfiguration(base, merged)
  return { base, config, configProblems: problems, proposed }
}

/** Fetches, once more with a new token where the one at hand is refused: tokens can end early. */
async function bring(
  bench: Bench,
  client: Client,
  mirror: Mirror,
  commits: readonly string[],
  refs: readonly string[],
): Promise<void> {
  const url = bench.gitUrl(client.repository)
  try {
    await mirror.fetch({ url, token: await bench.gitTokens.get(client), commits, refs })
  } catch (error) {
    if (!(error instanceof FetchFailed) || error.reason !== 'unauthorized') throw error
    await mirror.fetch({ url, token: await bench.gitTokens.get(client, true), commits, refs })
  }
}

/** What would be true were `tree` merged. */
export function judge(bench: Bench, sight: Sight, tree: Tree): Promise<Report> {
  return examine({
    base: sight.base,
    head: tree,
    trusted: sight.base,
    config: sight.config,
    configProblems: sight.configProblems,
    proposed: sight.proposed,
    enroll: [],
    today: today(bench.clock),
    only: null,
    repositories: sight.repositories,
    workshop: bench.workshop(sight.config),
  })
}

export interface TextFile {
  readonly text: string
  readonly mode: string
}

/** The texts of the regular files among these paths; what is not UTF-8 is left out. */
export async function readTexts(
  tree: Tree,
  paths: ReadonlySet<string>,
): Promise<ReadonlyMap<string, TextFile>> {
  const files = (await tree.files()).filter(({ path, mode }) => paths.has(path) && mode.startsWith('100'))
  const bytes = await tree.read(files)
  const texts = new Map<string, TextFile>()
  for (const { path, mode } of files) {
    const content = bytes.get(path)
    if (content === undefined) continue
    try {
      texts.set(path, {
        text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content),
        mode,
      })
    } catch {
      // Not text: nothing in it can be pointed at.
    }
  }
  return texts
}

/**
 * Each look at a tree lets other work pass: with everything in memory, the proofs of a hundred fixes would otherwise
 * be one long turn, in which no webhook is answered.
 */
function yielding(tree: Tree): Tree {
  return {
    label: tree.label,
    async files() {
      await setImmediate()
      return tree.files()
    },
    read: (some, wanted) => tree.read(some, wanted),
  }
}
