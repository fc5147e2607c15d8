// Cuts a file into its YAML documents without parsing them, so that one broken document does not take
// its neighbours with it. A marker counts wherever it stands at column 0, in a block scalar too:
// YAML 1.2.2 §9.1.4 forbids content lines that begin with one.

import type { DocumentRange } from './types.ts'

/** With the line break before it: looking behind each character of a large file for one takes three times as long. */
const MARKER = /(^|[\r\n])(---|\.\.\.)(?=[ \t\r\n]|$)/g

/**
 * The documents of a file, in order. A range begins after a bare `---` line, at the `---` itself when
 * something follows it on its line (`--- {a: 1}`, `--- |`, `--- # comment`), and at the directives if
 * there are any; it ends before the next marker. `line` is the line of `start`. A byte order mark is
 * in no range.
 *
 * Documents of nothing but comments and white space are dropped, and `index` counts only those that
 * are kept, so that an empty document or a licence header in front does not renumber the others.
 */
export function splitDocuments(text: string): DocumentRange[] {
  const documents: DocumentRange[] = []
  let line = 1
  let counted = 0
  let loose = false
  const keep = (start: number, end: number): void => {
    if (isBlank(text, start, end)) return
    for (let at = text.indexOf('\n', counted); at !== -1 && at < start; at = text.indexOf('\n', at + 1)) {
      line += 1
      counted = at + 1
    }
    documents.push({ index: documents.length, start, end, line, ...(loose ? { loose } : {}) })
  }

  const mark = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let start = mark
  // Directives stand at the top of the file or after `...`, and the `---` that follows them ends nothing.
  let directivesAllowed = true
  for (const match of text.slice(mark).matchAll(MARKER)) {
    const [, before = '', marker] = match
    const at = match.index + before.length + mark
    const lineEnd = endOfLine(text, at)
    if (marker === '---') {
      if (directivesAllowed && isDirectives(text, start, at)) {
        directivesAllowed = false
        loose = false
        continue
      }
      keep(start, at)
      loose = false
      start = isSpace(text, at + 3, lineEnd) ? lineEnd : at
      directivesAllowed = false
    } else {
      // Anything but a comment after `...` is an error, which the reader finds if it sees the line.
      keep(start, isBlank(text, at + 3, lineEnd) ? at : lineEnd)
      loose = true
      start = lineEnd
      directivesAllowed = true
    }
  }
  keep(start, text.length)
  return documents
}

/** Offset of the line after `at`, or the end of the text. A carriage return alone ends a line, as in YAML. */
function endOfLine(text: string, at: number): number {
  for (let i = at; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit === 10) return i + 1
    if (unit === 13) return text.charCodeAt(i + 1) === 10 ? i + 2 : i + 1
  }
  return text.length
}

function skipSpace(text: string, start: number, end: number): number {
  let at = start
  for (; at < end; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit !== 32 && unit !== 9 && unit !== 10 && unit !== 13) break
  }
  return at
}

function isSpace(text: string, start: number, end: number): boolean {
  return skipSpace(text, start, end) === end
}

/** Nothing but white space, comments and a `---` line that carries no more than a comment. */
function isBlank(text: string, start: number, end: number): boolean {
  let at = start
  if (text.startsWith('---', at) && at + 3 <= end) at += 3
  for (at = skipSpace(text, at, end); at < end; at = skipSpace(text, at, end)) {
    if (text[at] !== '#') return false
    at = Math.min(endOfLine(text, at), end)
  }
  return true
}

/** At least one `%` line, and otherwise only comments and white space. */
function isDirectives(text: string, start: number, end: number): boolean {
  let found = false
  for (let at = skipSpace(text, start, end); at < end; at = skipSpace(text, at, end)) {
    if (text[at] === '%') found = true
    else if (text[at] !== '#') return false
    at = endOfLine(text, at)
  }
  return found
}
