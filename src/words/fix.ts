// What `fix` says where it changes no file: whoever asked for fixes wants to know why there are none.
import type { Report } from '../examine/report.ts'

/** One sentence; `wrote`: it was asked to write. */
export function noFixText({ findings }: Report, wrote: boolean): string {
  const open = findings.filter(
    ({ change, severity, waived }) => change !== 'resolved' && severity !== 'note' && waived === null,
  )
  const why = because(open.length, open.filter(({ fix }) => fix !== null).length)
  return wrote ? `Nothing was written: ${why}` : `${why.charAt(0).toUpperCase()}${why.slice(1)}`
}

function because(open: number, mended: number): string {
  if (open === 0) return 'there is nothing to fix.'
  if (mended > 0)
    return 'the proved fixes do not go together. ambient-guard check shows each with its finding.'
  return open === 1
    ? 'the one finding has no proved fix. ambient-guard check shows it.'
    : `none of the ${String(open)} findings has a proved fix. ambient-guard check shows them.`
}
