// A report as the verdict of a check run: its words, its annotations, its buttons.
import type { Place } from '../core/kubernetes/origin.ts'
import { policiesOf } from '../core/index.ts'
import type { Report } from '../examine/report.ts'
import type { Annotation, CheckAction, Verdict } from '../github/api/checks.ts'
import type { Client } from '../github/api/client.ts'
import type { Pull } from '../github/api/pulls.ts'
import { worthSaying } from '../github/publish.ts'
import type { Published } from '../github/publish.ts'
import { mapLines } from '../github/rebase.ts'
import { checkSummary, checkText, checkTitle } from '../words/github/summary.ts'
import { clip, escapeUrlPath, plainLine } from '../words/github/escape.ts'
import type { Bench } from './bench.ts'
import { readTexts } from './look.ts'
import type { Sight } from './look.ts'

export const FIX_ACTION: CheckAction = {
  label: 'Fix',
  description: 'Commit the proved fixes',
  identifier: 'ambient-fix',
}
export const RECHECK_ACTION: CheckAction = {
  label: 'Recheck',
  description: 'Judge this head again',
  identifier: 'ambient-recheck',
}

export interface Ground {
  readonly judged: ReadonlyMap<string, string>
  readonly head: ReadonlyMap<string, string>
}

/** The texts of every file that a report points into, as judged and on the head. */
export function readGround(sight: Sight, { findings, problems, fix, explain }: Report): Promise<Ground> {
  const places = [
    ...findings.flatMap((finding) => [finding.cause ?? [], ...policiesOf(finding)].flat()),
    ...findings.flatMap((finding) => explain(finding).flatMap(({ at }) => at ?? [])),
    ...problems,
    ...(fix?.files ?? []),
  ]
  return readFiles(sight, new Set(places.map(({ path }) => path)))
}

/** The texts of these files, as judged and on the head. */
export async function readFiles({ head, merged }: Sight, paths: ReadonlySet<string>): Promise<Ground> {
  if (paths.size === 0 || merged.kind === 'conflict') return { judged: new Map(), head: new Map() }
  const [judged, now] = await Promise.all([readTexts(merged.tree, paths), readTexts(head, paths)])
  const texts = (files: typeof judged): ReadonlyMap<string, string> =>
    new Map([...files].map(([path, { text }]) => [path, text]))
  return { judged: texts(judged), head: texts(now) }
}

/** What the check run says of a report. Places are those of the merge; links and annotations are on the head. */
export function verdict(
  bench: Bench,
  client: Client,
  { baseRef, headSha }: Pick<Pull, 'baseRef' | 'headSha'>,
  { baseSha }: Sight,
  report: Report,
  ground: Ground,
  { unplaced, refused }: Published,
): Verdict {
  const onHead = lineOnHead(ground)
  const link = linkTo(bench.webUrl(client.repository), headSha, baseSha, ground)
  const compared = {
    baseRef,
    baseSha,
    headSha,
    link,
    unplaced,
    reviewRefused: refused,
    hears: client.hears,
  }
  const fixable = worthSaying(report).some(({ fix }) => fix !== null)
  return {
    conclusion: report.conclusion,
    output: { title: checkTitle(report), summary: checkSummary(report, compared), text: checkText(report) },
    annotations: annotationsOf(report, onHead),
    actions: [...(fixable ? [FIX_ACTION] : []), RECHECK_ACTION],
  }
}

/** The line of the head that a place of the merge is; null where it is none. */
function lineOnHead({ judged, head }: Ground): (place: Place) => number | null {
  return ({ path, line }) => {
    const [from, to] = [judged.get(path), head.get(path)]
    return from === undefined || to === undefined ? null : mapLines(from, to)(line)
  }
}

/** Where a place of the merge can be opened: on the head, else on the base. */
export function linkTo(
  web: string,
  headSha: string,
  baseSha: string,
  ground: Ground,
): (place: Place) => string {
  const onHead = lineOnHead(ground)
  return (place) => {
    const line = onHead(place)
    const sha = ground.head.has(place.path) ? headSha : baseSha
    return `${web}/blob/${sha}/${escapeUrlPath(place.path)}${line === null ? '' : `#L${String(line)}`}`
  }
}

const MAX_TITLE = 255
/** 64 KB, and a character may take three bytes of them. */
const MAX_MESSAGE = 20_000

/** One for each finding worth saying, on the line to blame, else on the policy. */
function annotationsOf(report: Report, onHead: (place: Place) => number | null): readonly Annotation[] {
  return worthSaying(report).flatMap((finding): Annotation[] => {
    const { cause, severity, rule, workload, message } = finding
    const places = [...(cause === null ? [] : [cause]), ...policiesOf(finding)]
    const place = places.find((candidate) => onHead(candidate) !== null)
    if (place === undefined) return []
    const title = clip(plainLine(`${rule}: ${workload.id}`), MAX_TITLE)
    const level = severity === 'error' ? 'failure' : 'warning'
    const text = clip(plainLine(message), MAX_MESSAGE)
    return [{ path: place.path, line: onHead(place) ?? 1, level, title, message: text }]
  })
}
