// Who reaches whom, for a comment: a table that a person can take in, and that GitHub takes.
import type { Matrix } from '../core/policy/matrix.ts'
import { clip, escapeMarkdown } from './github/escape.ts'
import { assemble, listed, paragraph } from './github/fit.ts'
import { fold } from './reach-fold.ts'
import type { FoldedCell } from './reach-fold.ts'
import { isList, reachList } from './reach-list.ts'
import { CELLS, SYMBOLS, groupName, moreText, portName, tally } from './reach-names.ts'

const MOST = 20
/** Characters of the names of a group. */
const ROOM = 160

export function reachMarkdown(matrix: Matrix): string {
  if (matrix.rows.length === 0) return 'No workloads in this tree.\n'
  return `${isList(matrix) ? listMarkdown(matrix) : tableMarkdown(matrix)}\n`
}

function tableMarkdown(matrix: Matrix): string {
  const folded = fold(matrix, { rows: MOST, columns: MOST })
  const name = (group: Parameters<typeof groupName>[0]): string => escaped(groupName(group, ROOM))
  const table = [
    `| destination | ${folded.sources.map((_, index) => String(index + 1)).join(' | ')} |`,
    `| --- |${' :-: |'.repeat(folded.sources.length)}`,
    ...folded.rows.map((cells, index) => {
      const [group] = folded.destinations.slice(index, index + 1)
      return `| ${group === undefined ? '' : name(group)} | ${cells.map(mark).join(' | ')} |`
    }),
  ]
  const more = [moreText(folded.moreDestinations, 'destination'), moreText(folded.moreSources, 'source')]
  return assemble([
    paragraph(
      `**${escaped(portName(matrix.question))}** by policy alone: ${tally(matrix)}. Columns are sources.`,
    ),
    paragraph(table.join('\n')),
    {
      open: '',
      items: folded.sources.map((group, index) => `${String(index + 1)}. ${name(group)}`),
      close: '',
      separator: '\n',
    },
    paragraph(
      more
        .filter((text) => text !== null)
        .map(escaped)
        .join('\n'),
    ),
    paragraph(key(folded.rows.flat())),
  ])
}

function listMarkdown(matrix: Matrix): string {
  const { title, entries } = reachList(matrix)
  return assemble([
    paragraph(`**${escaped(clip(title, 4 * ROOM))}**`),
    ...entries.map(({ cell, lines }) =>
      listed(
        `${mark(cell)} ${SYMBOLS[cell].means}`,
        lines.map((line) => `- ${escaped(clip(line, MOST * ROOM))}`),
      ),
    ),
  ])
}

function mark(cell: FoldedCell): string {
  return escaped(SYMBOLS[cell].symbol)
}

function key(cells: readonly FoldedCell[]): string {
  return CELLS.filter((cell) => cells.includes(cell))
    .map((cell) => `${mark(cell)} ${SYMBOLS[cell].means}`)
    .join('  \n')
}

/** A cell of a table ends at a bar, whatever stands around it. */
function escaped(text: string): string {
  return escapeMarkdown(text).replaceAll('|', '\\|')
}
