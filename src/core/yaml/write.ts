// A value as the text of a new document, in the style of kubectl. What is written reads back as the same value,
// in our dialect and in YAML 1.2 alike.
import { blockLines } from './render.ts'
import type { Layout } from './layout.ts'

const LAYOUT: Layout = {
  dashOffset: 0,
  indent: 2,
  gap: 1,
  colon: ' ',
  comma: ' ',
  bracePad: '',
  bracketPad: '',
  spread: false,
  json: false,
}

/** The lines of a document, each with its newline; keys in the order in which the value holds them. */
export function writeDocument(value: object): string {
  return `${blockLines(value, [], LAYOUT).join('\n')}\n`
}
