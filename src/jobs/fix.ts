// The story of `/ambient-fix`: on the head that was judged, the proved fix, as one commit. Nothing from the pull
// request is run; the commit is made by GitHub on exactly that head, or not at all.
import { applyEdits } from '../core/source/text.ts'
import { unifiedDiff } from '../core/source/unified-diff.ts'
import type { FileChange, Fix } from '../examine/report.ts'
import { listCheckRuns } from '../github/api/checks.ts'
import { ApiError, isRefusal } from '../github/api/client.ts'
import type { Client } from '../github/api/client.ts'
import { commitFiles } from '../github/api/commits.ts'
import type { NewCommit } from '../github/api/commits.ts'
import { mayWrite } from '../github/api/conversation.ts'
import { getPull, listCommits } from '../github/api/pulls.ts'
import type { Pull } from '../github/api/pulls.ts'
import type { Selection } from '../github/commands/parse.ts'
import type { Person } from '../github/events.ts'
import { rebaseEdits } from '../github/rebase.ts'
import { fixCommit, isFixCommit } from '../words/github/commit.ts'
import {
  behindAnswer,
  closedAnswer,
  conflictAnswer,
  forkAnswer,
  headMovedAnswer,
  nothingToFixAnswer,
  patchAnswer,
  takenAnswer,
  tooManyAnswer,
  workflowAnswer,
  wrongCommitAnswer,
} from '../words/github/answers.ts'
import type { Bench, Subject } from './bench.ts'
import { chooseFix } from './choose.ts'
import type { Chosen } from './choose.ts'
import { judge, look, readTexts } from './look.ts'
import type { Sight } from './look.ts'
import { patiently } from './patience.ts'
import { publicReason } from './reason.ts'

export interface FixRequest {
  readonly subject: Subject
  readonly selection: Selection
  readonly by: Person
  /** The head whose check showed the button; null for a comment. */
  readonly seen: string | null
  /** When it was asked for, where an earlier attempt may have got as far as the commit: ISO 8601; else null. */
  readonly begun: string | null
}

/** `denied`: no permission, and no answer. `refused`: with the reason as Markdown; `again` asks for a review. */
export type FixOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'refused'; readonly answer: string; readonly again: boolean }

/** Commits what is asked for, or says why not. */
export async function fix(bench: Bench, client: Client, request: FixRequest): Promise<FixOutcome> {
  const { subject, selection, by, seen, begun } = request
  if (!(await mayWrite(client, by.login))) return { kind: 'denied' }
  const pull = await getPull(client, subject.number)
  if (!pull.open) return refused(closedAnswer())
  if (begun !== null && (await isDone(bench, client, pull, by, begun))) return { kind: 'done' }
  if (selection.by === 'sha' && !pull.headSha.startsWith(selection.sha)) {
    return refused(wrongCommitAnswer(selection.sha, pull.headSha))
  }
  if (seen !== null && seen !== pull.headSha)
    return (await isDoneOn(client, pull, by, seen))
      ? { kind: 'done' }
      : refused(headMovedAnswer(pull.headSha), true)
  const runs = await listCheckRuns(client, pull.headSha)
  if (!runs.some(({ number, completed }) => number === pull.number && completed)) {
    return refused(headMovedAnswer(pull.headSha), true)
  }
  const sight = await patiently(bench.clock, () => look(bench, client, pull))
  if (sight.merged.kind === 'conflict') return refused(conflictAnswer(pull.baseRef))
  const report = await judge(bench, sight)
  const chosen = await chooseFix(selection, report, (edits) => judge(bench, sight, { edits }))
  if (chosen === null) return refused(nothingToFixAnswer(askedFor(selection)))
  const fitted = await fitToHead(sight, pull, chosen.fix)
  if ('refusal' in fitted) return refused(fitted.refusal)
  if (await hasHadEnough(client, pull, await bench.botLogin()))
    return refused(patchAnswer(tooManyAnswer(MAX_COMMITS), fitted.files))
  return commit(client, pull, chosen, fitted.files, by)
}

/** Is the head the commit that this person asked for then? Whoever made it may have died before it could say so. */
async function isDone(bench: Bench, client: Client, pull: Pull, by: Person, begun: string): Promise<boolean> {
  const [head] = (await listCommits(client, pull.number)).slice(-1)
  return (
    head !== undefined &&
    head.author === (await bench.botLogin()) &&
    isFixCommit(head.message, by) &&
    Date.parse(head.at) >= Date.parse(begun)
  )
}

/** Is the head what this person asked for on the head that was seen? A button is pressed twice, or done again. */
async function isDoneOn(client: Client, pull: Pull, by: Person, seen: string): Promise<boolean> {
  const [before, head] = (await listCommits(client, pull.number)).slice(-2)
  return before?.sha === seen && head?.sha === pull.headSha && isFixCommit(head.message, by)
}

/** More than this are asked for by a program, and each commit of ours may make it ask again. */
const MAX_COMMITS = 10

async function hasHadEnough(client: Client, { number }: Pull, botLogin: string): Promise<boolean> {
  const commits = await listCommits(client, number)
  const ours = commits.filter(({ author, message }) => author === botLogin && isFixCommit(message))
  return ours.length >= MAX_COMMITS
}

function refused(answer: string, again = false): FixOutcome {
  return { kind: 'refused', answer, again }
}

function askedFor(selection: Selection): string | null {
  if (selection.by === 'rule') return selection.rule
  return selection.by === 'fingerprint' ? selection.fingerprint : null
}

interface HeadChange extends FileChange {
  readonly mode: string
}

/** What a fix would change on the head of the pull request, or why it cannot, as Markdown. */
export async function fitToHead(
  sight: Sight,
  { baseRef }: Pull,
  { files }: Fix,
): Promise<{ readonly files: readonly HeadChange[] } | { readonly refusal: string }> {
  const paths = files.map(({ path }) => path)
  const forbidden = paths.filter((path) => path.startsWith('.github/workflows/'))
  if (forbidden.length > 0) return { refusal: workflowAnswer(forbidden) }
  const changes = await ontoHead(sight, files)
  const missing = files.filter(({ path }) => !changes.has(path))
  const behind = missing.filter(({ created }) => !created).map(({ path }) => path)
  if (behind.length > 0) return { refusal: behindAnswer(behind, baseRef) }
  if (missing.length > 0)
    return {
      refusal: takenAnswer(
        missing.map(({ path }) => path),
        baseRef,
      ),
    }
  return { files: [...changes.values()] }
}

/** The fix on the head's own texts, which may differ from those of the merge; a path is missing where it does not fit. */
async function ontoHead(
  { head }: Sight,
  files: readonly FileChange[],
): Promise<ReadonlyMap<string, HeadChange>> {
  const texts = await readTexts(head, new Set(files.map(({ path }) => path)))
  const there = (await head.files()).map(({ path }) => path)
  const changes = new Map<string, HeadChange>()
  for (const change of files) {
    const { path, created, before: judged, edits: made } = change
    if (created) {
      if (!there.some((other) => collide(path, other))) changes.set(path, { ...change, mode: '100644' })
      continue
    }
    const file = texts.get(path)
    const edits = file === undefined ? null : rebaseEdits(judged, made, file.text)
    if (file === undefined || edits === null) continue
    const after = applyEdits(file.text, edits)
    changes.set(path, {
      path,
      created,
      before: file.text,
      after,
      edits,
      diff: unifiedDiff(path, file.text, after),
      mode: file.mode,
    })
  }
  return changes
}

/** One path is the other, or would be a folder and a file at once. */
function collide(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}

async function commit(
  client: Client,
  pull: Pull,
  { fix: { text }, findings }: Chosen,
  changes: readonly HeadChange[],
  by: Person,
): Promise<FixOutcome> {
  const fork = forkObstacle(client, pull)
  if (pull.headRepository === null || fork !== null)
    return refused(patchAnswer(forkAnswer(fork ?? 'gone'), changes))
  const wanted: NewCommit = {
    repository: pull.headRepository,
    branch: pull.headRef,
    head: pull.headSha,
    ...fixCommit(findings, text, by),
    files: changes.map(({ path, mode, after }) => ({ path, mode, bytes: new TextEncoder().encode(after) })),
  }
  try {
    await commitOnce(client, wanted)
    return { kind: 'done' }
  } catch (error) {
    if (isRefusal(error, 'stale'))
      return refused(headMovedAnswer((await getPull(client, pull.number)).headSha), true)
    if (!(error instanceof ApiError) || error.kind === 'unavailable') throw error
    return refused(patchAnswer(publicReason(error) ?? '', changes))
  }
}

/** Where no answer came, asking again is safe: the commit names the head it goes on. If that has moved, ours is there. */
async function commitOnce(client: Client, wanted: NewCommit): Promise<void> {
  try {
    await commitFiles(client, wanted)
  } catch (error) {
    if (!isRefusal(error, 'unavailable')) throw error
    try {
      await commitFiles(client, wanted)
    } catch (second) {
      if (!isRefusal(second, 'stale')) throw second
    }
  }
}

/** Why no attempt is made on a fork; null for branches of the repository itself, and where one attempt may work. */
function forkObstacle(
  { repository }: Client,
  { headRepository, maintainerCanModify }: Pull,
): 'gone' | 'organization' | 'not-allowed' | null {
  if (headRepository === null) return 'gone'
  const own = headRepository.owner === repository.owner && headRepository.name === repository.name
  if (own) return null
  // The API says maintainer_can_modify for forks of organizations too, and then refuses.
  if (headRepository.ownerType !== 'User') return 'organization'
  return maintainerCanModify ? null : 'not-allowed'
}
