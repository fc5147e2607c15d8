// Which line of the diff says what: a suggestion where GitHub can apply the fix, else the line that is to blame,
// else nothing, and the summary has it.
import { policiesOf } from '../core/index.ts'
import { grouped } from '../core/source/grouped.ts'
import type { Place } from '../core/kubernetes/origin.ts'
import { distinctFixes, jointChange, keyOf } from '../words/joint.ts'
import type { FileChange, Fix, Report, ReportFinding } from '../examine/report.ts'
import type { Offer } from '../words/github/comment.ts'
import { hunkAround } from './hunks.ts'
import type { Hunk } from './hunks.ts'
import { mapLines, rebaseEdits } from './rebase.ts'
import { suggest } from './suggest.ts'
import type { Suggestion } from './suggest.ts'

/** More comments than this are a flood, and GitHub takes a burst of them for abuse. */
const MAX_COMMENTS = 20

export interface PlacedComment {
  readonly path: string
  readonly startLine: number | null
  readonly line: number
  readonly findings: readonly ReportFinding[]
  readonly offer: Offer
}

export interface Placing {
  readonly comments: readonly PlacedComment[]
  readonly unplaced: readonly ReportFinding[]
}

/** The files that anchors are looked for in, by path. */
export interface Ground {
  /** Texts of the merge, which the report speaks of. */
  readonly judged: ReadonlyMap<string, string>
  /** Texts of the head, which the diff shows. */
  readonly head: ReadonlyMap<string, string>
  readonly hunks: ReadonlyMap<string, readonly Hunk[]>
}

/** Paths that an anchor for these findings could be in. */
export function anchorPaths(findings: readonly ReportFinding[]): ReadonlySet<string> {
  return new Set(
    findings.flatMap((finding) => [
      ...placesOf(finding).map(({ path }) => path),
      ...(finding.fix?.files.flatMap(({ path, created }) => (created ? [] : [path])) ?? []),
    ]),
  )
}

/** Places findings, in their order, at most twenty comments of them. */
export function placeComments(findings: readonly ReportFinding[], report: Report, ground: Ground): Placing {
  const suggestions = suggestAll(findings, report, ground)
  const groups = new Map<string, PlacedComment>()
  const unplaced: ReportFinding[] = []
  for (const finding of findings) {
    const comment = commentFor(finding, suggestions, ground)
    if (comment === null) {
      unplaced.push(finding)
      continue
    }
    const { path, startLine, line, offer } = comment
    const key = JSON.stringify([path, startLine, line, offer.as])
    const same = groups.get(key)
    const together = [...(same?.findings ?? []), finding]
    groups.set(key, { ...comment, findings: together })
  }
  const all = [...groups.values()].map((comment) =>
    comment.offer.as === 'suggestion' ? comment : { ...comment, offer: diffsOf(comment.findings, report) },
  )
  const left = all.slice(MAX_COMMENTS).flatMap((comment) => comment.findings)
  return { comments: all.slice(0, MAX_COMMENTS), unplaced: [...unplaced, ...left] }
}

interface Anchored extends Suggestion {
  readonly path: string
}

function commentFor(
  finding: ReportFinding,
  suggestions: ReadonlyMap<string, Anchored>,
  ground: Ground,
): PlacedComment | null {
  const suggestion = finding.fix === null ? undefined : suggestions.get(keyOf(finding.fix))
  if (suggestion !== undefined) {
    const { path, first, last, text } = suggestion
    return {
      path,
      startLine: first === last ? null : first,
      line: last,
      findings: [],
      offer: { as: 'suggestion', text },
    }
  }
  for (const place of placesOf(finding)) {
    const line = headLine(place, ground)
    const hunks = ground.hunks.get(place.path) ?? []
    if (line === null || hunkAround(hunks, { first: line, last: line }) === null) continue
    return {
      path: place.path,
      startLine: null,
      line,
      findings: [],
      offer: { as: finding.fix === null ? 'none' : 'diff', files: [] },
    }
  }
  return null
}

/** Where a finding could be said, best first. */
function placesOf(finding: ReportFinding): readonly Place[] {
  return [...(finding.cause === null ? [] : [finding.cause]), ...policiesOf(finding)]
}

/** A line of the merge as a line of the head. */
function headLine({ path, line }: Place, { judged, head }: Ground): number | null {
  const [from, to] = [judged.get(path), head.get(path)]
  return from === undefined || to === undefined ? null : mapLines(from, to)(line)
}

/** A suggestion for each fix that can be one. Fixes whose lines meet are suggested together, as they were proved. */
function suggestAll(
  findings: readonly ReportFinding[],
  report: Report,
  ground: Ground,
): ReadonlyMap<string, Anchored> {
  const byPath = new Map<string, Map<string, Anchored>>()
  const fixes = new Map<string, Fix[]>()
  for (const { fix } of findings) {
    const [change, ...others] = fix?.files ?? []
    // A new file has no line of the diff to stand on.
    if (fix === null || change === undefined || change.created || others.length > 0) continue
    const suggestion = suggestChange(change, ground)
    if (suggestion === null) continue
    const known = byPath.get(change.path) ?? new Map<string, Anchored>()
    byPath.set(change.path, known.set(keyOf(fix), suggestion))
    fixes.set(change.path, [...(fixes.get(change.path) ?? []), fix])
  }
  const all = new Map<string, Anchored>()
  for (const [path, suggestions] of byPath) {
    const change = meet([...suggestions.values()])
      ? jointChange(path, fixes.get(path) ?? [], report)
      : undefined
    const joint = change && suggestChange(change, ground)
    for (const [key, own] of suggestions) if (joint !== null) all.set(key, joint ?? own)
  }
  return all
}

function suggestChange(change: FileChange, { head, hunks }: Ground): Anchored | null {
  const text = head.get(change.path)
  if (text === undefined) return null
  const edits = rebaseEdits(change.before, change.edits, text)
  const suggestion = edits === null ? null : suggest(text, edits, hunks.get(change.path) ?? [])
  return suggestion === null ? null : { ...suggestion, path: change.path }
}

/** Do two of them share a line, or meet between two lines? What is put there by both has an order. */
function meet(suggestions: readonly Anchored[]): boolean {
  const ordered = [...suggestions].sort((a, b) => a.first - b.first)
  return ordered.some(({ first }, index) => index > 0 && first <= (ordered[index - 1]?.last ?? 0) + 1)
}

/** What `/ambient-fix` would do for them; where two fixes change one file, what both come to. */
function diffsOf(findings: readonly ReportFinding[], report: Report): Offer {
  const fixes = distinctFixes(findings)
  const byPath = grouped(
    fixes.flatMap((fix) => fix.files),
    ({ path }) => path,
  )
  const files = [...byPath].flatMap(([path, [change, ...others]]) =>
    change === undefined ? [] : others.length === 0 ? change : (jointChange(path, fixes, report) ?? change),
  )
  return files.length === 0 ? { as: 'none' } : { as: 'diff', files }
}
