// What several fixes make of one file together: what was proved of all that is mended, without what others mend.
import { grouped } from '../core/source/grouped.ts'
import { onceEach } from '../core/source/once-each.ts'
import { applyEdits } from '../core/source/text.ts'
import type { TextEdit } from '../core/source/text.ts'
import { unifiedDiff } from '../core/source/unified-diff.ts'
import type { FileChange, Fix, Report, ReportFinding } from '../examine/report.ts'

/** Equal fixes have equal keys. */
export const keyOf = onceEach(({ files }: Fix): string =>
  JSON.stringify(files.map(({ path, after }) => [path, after])),
)

/** The fixes of some findings, each once. */
export function distinctFixes(findings: readonly ReportFinding[]): readonly Fix[] {
  return [...new Map(findings.flatMap(({ fix }) => (fix === null ? [] : [[keyOf(fix), fix]]))).values()]
}

/**
 * What is fixed where nobody says what: everything that this change introduced; where it introduced nothing that can be
 * fixed, what was there before.
 */
export function fixedUnasked(findings: readonly ReportFinding[]): readonly ReportFinding[] {
  const live = findings.filter(
    ({ fix, change, waived }) => fix !== null && change !== 'resolved' && waived === null,
  )
  const introduced = live.filter(({ change }) => change === 'introduced')
  return introduced.length > 0 ? introduced : live
}

/**
 * The change of a file that these fixes come to; null where what was proved of all fixes does not show which part of it
 * is theirs.
 */
export function jointChange(path: string, fixes: readonly Fix[], report: Report): FileChange | null {
  const whole = report.fix?.files.find((change) => change.path === path)
  const own = changesOf(path, fixes)
  const all = changesOf(
    path,
    report.findings.flatMap(({ fix, change }) => (fix === null || change === 'resolved' ? [] : [fix])),
  )
  if (whole === undefined || own.size === all.size) return whole ?? null
  const [mine, everybodys] = [textsIn(own), textsIn(all)]
  const edits = whole.edits.filter((edit) => mine.has(placeOf(edit)))
  // Where somebody else's words stand at the same place, they are in the same edit.
  const isTheirs = edits.every(
    (edit) => mine.get(placeOf(edit))?.size === everybodys.get(placeOf(edit))?.size,
  )
  if (edits.length < mine.size || !isTheirs) return null
  const after = applyEdits(whole.before, edits)
  return { ...whole, edits, after, diff: unifiedDiff(path, whole.created ? null : whole.before, after) }
}

/** What each of the fixes does to a file, without those that are another one again. */
function changesOf(path: string, fixes: readonly Fix[]): ReadonlyMap<string, FileChange> {
  return new Map(
    fixes.flatMap((fix) =>
      fix.files.flatMap((change) => (change.path === path ? [[keyOf(fix), change] as const] : [])),
    ),
  )
}

/** The texts that changes put at each place. */
function textsIn(changes: ReadonlyMap<string, FileChange>): ReadonlyMap<string, ReadonlySet<string>> {
  const edits = grouped(
    [...changes.values()].flatMap((change) => change.edits),
    placeOf,
  )
  return new Map([...edits].map(([place, some]) => [place, new Set(some.map(({ text }) => text))]))
}

function placeOf({ start, end }: TextEdit): string {
  return `${String(start)}-${String(end)}`
}
