// Who reaches whom, in a terminal: a matrix that is no wider than the screen, or a list where one end is single.
import pc from 'picocolors'
import type { Matrix } from '../core/policy/matrix.ts'
import { fold } from './reach-fold.ts'
import type { Folded, FoldedCell } from './reach-fold.ts'
import { CELLS, SYMBOLS, groupName, moreText, portName, tally } from './reach-names.ts'
import { isList, reachList } from './reach-list.ts'
import { printable } from './text.ts'

/** More than that nobody looks through; the rest is counted. */
const MOST_ROWS = 60
/** Lines of the legend for one column. */
const LEGEND_LINES = 4

/** `width` is that of the terminal, in characters. */
export function reachText(matrix: Matrix, width: number, color: boolean): string {
  if (matrix.rows.length === 0) return 'No workloads in this tree.\n'
  const paint = painter(color)
  return isList(matrix) ? listText(matrix, width, paint) : matrixText(matrix, width, paint)
}

type Paint = (cell: FoldedCell) => string

function painter(color: boolean): Paint {
  const { green, red, yellow, dim } = pc.createColors(color)
  const tints: Partial<Record<FoldedCell, (text: string) => string>> = {
    allowed: green,
    'other-port': red,
    denied: dim,
    'no-port': dim,
  }
  return (cell) => (tints[cell] ?? yellow)(SYMBOLS[cell].symbol)
}

function matrixText(matrix: Matrix, width: number, paint: Paint): string {
  const longest = Math.max(...matrix.destinations.map(({ id }) => id.length))
  const least = Math.min(Math.floor(width * 0.45), longest)
  const folded = fold(matrix, { rows: MOST_ROWS, columns: Math.max(1, Math.floor((width - least) / 2)) })
  const room = width - 2 * folded.sources.length
  const labels = folded.destinations.map((group) => printable(groupName(group, room)))
  const margin = Math.max(...labels.map(({ length }) => length))
  const sections = [
    fill(
      `${portName(matrix.question)} by policy alone: ${tally(matrix)}. Rows are destinations, columns sources.`,
      width,
      '',
    ),
    [
      ...numbers(folded.sources.length).map((line) => `${' '.repeat(margin)} ${line}`),
      ...folded.rows.map(
        (cells, index) => `${(labels[index] ?? '').padEnd(margin)} ${cells.map(paint).join(' ')}`,
      ),
      ...more(folded.moreDestinations, 'destination', width),
    ],
    legend(folded, width),
    key(folded.rows.flat(), width, paint),
  ]
  return `${sections.map((section) => section.join('\n')).join('\n\n')}\n`
}

/** The numbers of columns, upright where they have more than one digit. */
function numbers(count: number): readonly string[] {
  const digits = String(count).length
  const names = Array.from({ length: count }, (_, index) => String(index + 1).padStart(digits))
  return Array.from({ length: digits }, (_, row) =>
    names
      .map((name) => name[row])
      .join(' ')
      .trimEnd(),
  )
}

function legend({ sources, moreSources }: Folded, width: number): readonly string[] {
  const digits = String(sources.length).length
  const indent = ' '.repeat(digits + 2)
  const entries = sources.map((group, index) => {
    // Names break at commas, so not every line is full.
    const name = printable(groupName(group, (width - indent.length) * LEGEND_LINES - width / 2))
    return fill(name, width, indent, `${String(index + 1).padStart(digits)}  `)
  })
  return [...sideBySide(entries, width), ...more(moreSources, 'source', width)]
}

function more(count: number, what: 'source' | 'destination', width: number): readonly string[] {
  const text = moreText(count, what)
  return text === null ? [] : fill(text, width, '  ', '')
}

/** A long legend of short entries, in as many columns as fit. */
function sideBySide(entries: readonly (readonly string[])[], width: number): readonly string[] {
  const lines = entries.flat()
  const longest = Math.max(...lines.map(({ length }) => length)) + 2
  const oneByOne = entries.length < 10 || entries.length !== lines.length
  const columns = oneByOne ? 1 : Math.max(1, Math.floor((width + 2) / longest))
  const height = Math.ceil(lines.length / columns)
  return lines.slice(0, height).map((_, row) =>
    lines
      .filter((_line, index) => index % height === row)
      .map((line) => line.padEnd(longest))
      .join('')
      .trimEnd(),
  )
}

function key(cells: readonly FoldedCell[], width: number, paint: Paint): readonly string[] {
  return CELLS.filter((cell) => cells.includes(cell)).flatMap((cell) => meaning(cell, width, paint))
}

/** Colours have no width, so they come after the breaks. */
function meaning(cell: FoldedCell, width: number, paint: Paint): readonly string[] {
  return fill(SYMBOLS[cell].means, width, '  ').map((line, index) =>
    index === 0 ? `${paint(cell)}${line.slice(1)}` : line,
  )
}

function listText(matrix: Matrix, width: number, paint: Paint): string {
  const { title, entries } = reachList(matrix)
  const blocks = entries.map(({ cell, lines }) => [
    ...meaning(cell, width, paint),
    ...lines.flatMap((line) => fill(printable(line), width, '      ', '    ')),
  ])
  return `${[fill(printable(title), width, ''), ...blocks].map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** Breaks a line after spaces and commas, and in the middle of what is longer than a line. */
function fill(text: string, width: number, indent: string, first: string = indent): readonly string[] {
  const longest = Math.max(1, width - Math.max(first.length, indent.length))
  const parts = text
    .split(/(?<=[, ])(?=[^ ])/)
    .flatMap((part) => part.match(new RegExp(`.{1,${String(longest)}}`, 'gsu')) ?? [])
  const lines: string[] = []
  let line = ''
  for (const part of parts) {
    const start = lines.length === 0 ? first : indent
    if (line !== '' && start.length + line.length + part.trimEnd().length > width) {
      lines.push((start + line).trimEnd())
      line = part
    } else {
      line += part
    }
  }
  return [...lines, ((lines.length === 0 ? first : indent) + line).trimEnd()]
}
