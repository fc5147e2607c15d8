// Looking at a pull request as it is now: the tip of its base, its head, and what merging the two gives.
import type { Config } from '../core/config.ts'
import type { Problem } from '../core/source/problem.ts'
import { proposedConfiguration, readConfiguration } from '../examine/configuration.ts'
import type { Proposed } from '../examine/configuration.ts'
import type { Report } from '../examine/report.ts'
import type { Client } from '../github/api/client.ts'
import { getMeeting } from '../github/api/pulls.ts'
import type { Meeting, Pull } from '../github/api/pulls.ts'
import { GitError } from '../git/command.ts'
import { FetchFailed } from '../git/fetch.ts'
import type { FetchFailure } from '../git/fetch.ts'
import type { Mirror } from '../git/mirror.ts'
import { filesAt } from '../git/tree.ts'
import type { Tree, TreeFile } from '../git/tree.ts'
import { today } from '../ops/clock.ts'
import { errorFields } from '../ops/log.ts'
import { openTree } from '../threads/question.ts'
import type { TreeName } from '../threads/question.ts'
import type { Bench } from './bench.ts'

export interface Sight {
  /** The tip of the base branch. */
  readonly baseSha: string
  /** URLs under which objects of GitOps controllers may name the repository. */
  readonly repositories: readonly string[]
  readonly config: Config
  readonly configProblems: readonly Problem[]
  readonly proposed: Proposed | null
  readonly base: TreeName
  readonly head: Tree
  /** What the merge gives; paths where it conflicts. */
  readonly merged:
    | { readonly kind: 'clean'; readonly name: TreeName; readonly tree: Tree }
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
  const commits = [baseTip, pull.headSha, ...(mergeBase === null ? [] : [mergeBase])]
  const refs = [`refs/pull/${String(pull.number)}/head`, `refs/heads/${pull.baseRef}`]
  return inMirror(bench, client, async (mirror) => {
    await bring(bench, client, mirror, commits, refs)
    const merge = await mirror.trueMerge({ base: baseTip, head: pull.headSha, mergeBase })
    const name = (id: string): TreeName => ({ directory: mirror.directory, id })
    const merged = merge.kind === 'conflict' ? merge : clean(name(merge.tree))
    return {
      baseSha: baseTip,
      repositories: [bench.webUrl(client.repository)],
      ...(await trustedOf(name(baseTip), merged.kind === 'conflict' ? null : merged.tree)),
      head: openTree(name(pull.headSha)),
      merged,
    }
  })
}

/** Two commits, of which the one already is what merging gives. */
export async function lookAtMerged(
  bench: Bench,
  client: Client,
  baseSha: string,
  headSha: string,
): Promise<Sight> {
  return inMirror(bench, client, async (mirror) => {
    await bring(bench, client, mirror, [baseSha, headSha], [])
    const merged = clean({ directory: mirror.directory, id: headSha })
    return {
      baseSha,
      repositories: [bench.webUrl(client.repository)],
      ...(await trustedOf({ directory: mirror.directory, id: baseSha }, merged.tree)),
      head: merged.tree,
      merged,
    }
  })
}

/** Milliseconds in which a mirror is let go of once: not every failure of git is its mirror's. */
const HOUR = 3_600_000

/** What a full disk or a lost machine left half written is no loss: a mirror is a cache, and is fetched anew. */
async function inMirror<T>(bench: Bench, client: Client, work: (mirror: Mirror) => Promise<T>): Promise<T> {
  const mirror = bench.mirror(client.repository)
  try {
    return await work(mirror)
  } catch (error) {
    if (!mayBeDamage(error) || !(await bench.turn(`mirror ${mirror.directory}`, HOUR))) throw error
    const { directory } = mirror
    bench.log.warn({ directory, ...errorFields(error) }, 'a mirror cannot be read, and is fetched anew')
    await mirror.drop()
    return work(mirror)
  }
}

/** Git could not read or write what is there, or something else is in its place. */
function mayBeDamage(error: unknown): boolean {
  if (error instanceof FetchFailed) return error.reason === 'failed'
  if (error instanceof GitError) return error.reason === 'failed' || error.reason === 'missing-object'
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && /^E(?:NOENT|NOTDIR|NOTEMPTY|EXIST|ISDIR)$/.test(code)
}

function clean(name: TreeName): Sight['merged'] & { readonly kind: 'clean' } {
  return { kind: 'clean', name, tree: openTree(name) }
}

/** What the base says, and what the merge makes of its configuration; null where it does not merge. */
async function trustedOf(
  base: TreeName,
  merged: Tree | null,
): Promise<Pick<Sight, 'base' | 'config' | 'configProblems' | 'proposed'>> {
  const tree = openTree(base)
  const { config, problems } = await readConfiguration(tree)
  const proposed = merged === null ? null : await proposedConfiguration(tree, merged)
  return { base, config, configProblems: problems, proposed }
}

/**
 * Fetches into a mirror, once more with a new token where the one at hand is refused: tokens can end early, and one may be
 * of a repository that had the name before.
 */
export async function bring(
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
    if (!(error instanceof FetchFailed) || !STALE_TOKEN.has(error.reason)) throw error
    await mirror.fetch({ url, token: await bench.gitTokens.get(client, true), commits, refs })
  }
}

const STALE_TOKEN: ReadonlySet<FetchFailure> = new Set(['unauthorized', 'not-found'])

/** What may be asked of a judgement beside the change itself. */
export interface Aside {
  /** Texts by path that are put over what is merged. */
  readonly edits?: ReadonlyMap<string, string>
  /** The fingerprint of the one finding that is to be explained. */
  readonly explain?: string
}

/** What would be true were the change merged. @throws Error where it does not merge */
export function judge(bench: Bench, sight: Sight, { edits, explain }: Aside = {}): Promise<Report> {
  const { merged, base, config, configProblems, proposed, repositories } = sight
  if (merged.kind === 'conflict') throw new Error('what does not merge cannot be judged')
  return bench.think({
    base,
    head: merged.name,
    edits: edits ?? new Map(),
    explain: explain ?? null,
    config,
    configProblems,
    proposed,
    enroll: [],
    today: today(bench.clock),
    only: null,
    repositories,
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
  const files = (await filesAt(tree, [...paths])).filter(isRegular)
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

function isRegular({ mode }: TreeFile): boolean {
  return mode.startsWith('100')
}
