// What is said of several fixes at once, and what `fix` says where it changes no file: whoever asked for fixes wants to
// know why there are none.
import { WIDENING } from '../core/fixes/need-hbone.ts'
import type { Report } from '../examine/report.ts'

/** The same of several policies. */
const WIDENINGS = ' Through HBONE those peers then reach every port of the pods; see port-widening.'

/** What fixes say, as one text: each once, and behind them once what opening 15008 brings along. */
export function mergedFixText(texts: readonly string[]): string {
  const all = [...new Set(texts)].join(' ')
  const parts = all.split(WIDENING)
  if (parts.length <= 2) return all
  return `${[...new Set(parts.map((part) => part.trim()))].join(' ').trim()}${WIDENINGS}`
}

/** Whether a text was shown before: false for the first time that it asks, and true from then on. */
export type Shown = (text: string) => boolean

export function noneShown(): Shown {
  const seen = new Set<string>()
  return (text) => seen.size === seen.add(text).size
}

/** One sentence; `wrote`: it was asked to write. */
export function noFixText({ findings, problems }: Report, wrote: boolean): string {
  const open = findings.filter(
    ({ change, severity, waived }) => change !== 'resolved' && severity !== 'note' && waived === null,
  )
  const unsure = problems.some(({ relevant }) => relevant)
  const why = because(open.length, open.filter(({ fix }) => fix !== null).length, unsure)
  return wrote ? `Nothing was written: ${why}` : `${why.charAt(0).toUpperCase()}${why.slice(1)}`
}

function because(open: number, mended: number, unsure: boolean): string {
  if (open === 0 && unsure)
    return 'there is nothing to fix in what was read. ambient-guard check names what was not.'
  if (open === 0) return 'there is nothing to fix.'
  if (mended > 0)
    return 'the proved fixes do not go together. ambient-guard check shows each with its finding.'
  return open === 1
    ? 'the one finding has no proved fix. ambient-guard check shows it.'
    : `none of the ${String(open)} findings has a proved fix. ambient-guard check shows them.`
}
