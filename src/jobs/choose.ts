// Which fixes a request means, as one fix that is proved as a whole.
import { composeEdits } from '../core/source/compose-edits.ts'
import { applyEdits } from '../core/source/text.ts'
import { unifiedDiff } from '../core/source/unified-diff.ts'
import { distinctFixes, fixedUnasked } from '../words/joint.ts'
import { furthest } from '../examine/prove.ts'
import type { FileChange, Fix, Report, ReportFinding } from '../examine/report.ts'
import type { Selection } from '../github/commands/parse.ts'

export interface Chosen {
  readonly fix: Fix
  readonly findings: readonly ReportFinding[]
}

/** Judges what is merged with these texts put over it, by path. */
export type Judge = (edits: ReadonlyMap<string, string>) => Promise<Report>

/**
 * Without more words, everything that this change introduced; where it introduced nothing that can be fixed, what
 * was there before. Null where nothing that is meant has a proved fix.
 */
export async function chooseFix(selection: Selection, report: Report, judge: Judge): Promise<Chosen | null> {
  const findings = meant(selection, report)
  const fixes = distinctFixes(findings)
  const [only] = fixes
  if (only === undefined) return null
  if (fixes.length === 1) return { fix: only, findings }
  if (report.fix !== null && distinctFixes(report.findings).length === fixes.length)
    return { fix: report.fix, findings }
  return oneAfterTheOther(findings, judge, report)
}

function meant(selection: Selection, { findings }: Report): readonly ReportFinding[] {
  const fixable = findings.filter(({ fix, change }) => fix !== null && change !== 'resolved')
  switch (selection.by) {
    case 'rule':
      return fixable.filter(({ rule, waived }) => rule === selection.rule && waived === null)
    case 'fingerprint':
      return fixable.filter(({ fingerprint }) => fingerprint === selection.fingerprint)
    case 'all':
    case 'sha':
      return fixedUnasked(findings)
  }
}

/** Some of several fixes: each is applied, and the next is taken from what is judged then, so that each is proved on top. */
async function oneAfterTheOther(
  findings: readonly ReportFinding[],
  judge: Judge,
  first: Report,
): Promise<Chosen> {
  const wanted = new Set(findings.map(({ fingerprint }) => fingerprint))
  const changed = new Map<string, Omit<FileChange, 'diff'>>()
  const mended: ReportFinding[] = []
  const made: Fix[] = []
  let report = first
  // Every round mends at least one finding.
  for (let round = 0; round < findings.length; round += 1) {
    const next = report.findings.find(
      ({ fingerprint, fix, change }) => wanted.has(fingerprint) && fix !== null && change !== 'resolved',
    )
    if (next?.fix == null) break
    for (const { path, created, before, after, edits } of next.fix.files) {
      // A later fix finds the files that an earlier one created, and edits them: they stay created.
      const known = changed.get(path) ?? { path, created, before, edits: [] }
      changed.set(path, { ...known, edits: composeEdits(known.before.length, known.edits, edits), after })
    }
    made.push(next.fix)
    report = await judge(new Map([...changed].map(([path, { after }]) => [path, after])))
    const left = new Set(
      report.findings.filter(({ change }) => change !== 'resolved').map(({ fingerprint }) => fingerprint),
    )
    // What its fix leaves of a finding stood behind it, and is another matter.
    const { fingerprint: done } = next
    mended.push(
      ...findings.filter(
        ({ fingerprint }) => wanted.has(fingerprint) && (fingerprint === done || !left.has(fingerprint)),
      ),
    )
    for (const { fingerprint } of mended) wanted.delete(fingerprint)
  }
  const files = [...changed.values()].map((change): FileChange => {
    const { path, created, before, edits } = change
    const after = applyEdits(before, edits)
    return { ...change, after, diff: unifiedDiff(path, created ? null : before, after) }
  })
  const fix: Fix = {
    strategy: furthest(made.map(({ strategy }) => strategy)),
    text: [...new Set(made.map(({ text }) => text))].join(' '),
    files,
  }
  return { fix, findings: mended }
}
