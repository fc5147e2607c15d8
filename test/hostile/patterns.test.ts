// Texts that make a careless pattern try every way to share them out. There is no clock but the time limit of a test:
// what is quadratic takes a minute or more.
import { expect, it } from 'vitest'
import { parseComment } from '../../src/github/commands/parse.ts'
import { tidyMessage } from '../../src/manifests/tools/tidy-message.ts'
import { parseReference } from '../../src/remote/reference.ts'
import { printable } from '../../src/words/text.ts'
import {
  code,
  escapeMarkdown,
  fenced,
  htmlCode,
  mermaidLabel,
  plainLine,
} from '../../src/words/github/escape.ts'
import { groundOf } from '../../src/words/github/ground.ts'
import { markersIn } from '../../src/words/github/comment.ts'

const MANY = 200_000
const PIECES = [
  ' ',
  '1',
  '-',
  '.',
  '`',
  '~',
  '\\',
  '@',
  '#',
  '/',
  ':a',
  '- ',
  '1. ',
  '<!--',
  '\n',
  '\u2028',
  '&#',
  '>',
  '[',
  '\t',
  '0x',
]
const texts = PIECES.flatMap((piece) => {
  const run = piece.repeat(MANY / piece.length)
  return [run, `${run}\u2028`, `x${run}x`]
})

it.each([
  ['Markdown', escapeMarkdown],
  ['code', code],
  ['code in HTML', htmlCode],
  ['a fence', (text: string) => fenced('diff', text)],
  ['a label', (text: string) => mermaidLabel(text.slice(0, MANY / 10))],
  ['a line', plainLine],
  ['a line of a terminal', printable],
  ['a comment of ours', (text: string) => markersIn(text).join()],
  ['a summary of ours', (text: string) => String(groundOf(text))],
  [
    'a comment of anybody',
    (text: string) => String(parseComment(`/ambient-${text}`)) + String(parseComment(text)),
  ],
  [
    'what a tool says',
    (text: string) => tidyMessage(text, { programs: [], temporary: '/tmp/t', tree: '/tmp/t/tree' }),
  ],
  ['an address', (text: string) => reference(`https://git.example/${text}/x`)],
] as const)('%s of 200,000 characters', { timeout: 30_000 }, (_, work) => {
  for (const text of texts) expect(work(text)).toBeTypeOf('string')
})

function reference(text: string): string {
  try {
    return parseReference(text).kind
  } catch (error) {
    return String(error)
  }
}
