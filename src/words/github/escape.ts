// Everything that comes from a repository (names, paths, messages) goes through here before it is said on GitHub:
// it must not format, link, mention, embed or end anything of ours.

const ZERO_WIDTH = '&#8203;'

/**
 * Text for running Markdown, on one line. Markup is escaped, and what GitHub would link by itself (`@user`, `#12`,
 * addresses) is broken by a character of no width.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(SPECIAL, (mark) => {
    const entity = ENTITIES[mark]
    if (entity !== undefined) return entity
    if (LINKING.includes(mark.toLowerCase())) return `${mark === '#' ? '\\#' : mark}${ZERO_WIDTH}`
    return /^www/i.test(mark) ? `${mark.slice(0, -1)}${ZERO_WIDTH}.` : `\\${mark}`
  })
}

/**
 * In order: HTML and mathematics; inline markup; mentions and references; addresses and emoji; lists and headings. What
 * stands before those is looked at last: a name may be a million spaces.
 */
const SPECIAL =
  /[&<>$]|[\\`*_[\]~]|@(?=\S)|#(?=\w)|\bGH-(?=\d)|\bwww\.|:(?=\/\/|[a-z0-9_+-]+:)|[-+#](?<=^ *.)|[.)](?<=^ *\d+.)/gi
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', $: '&#36;' }
const LINKING: readonly string[] = ['@', '#', 'gh-', ':']

/** A name as a code span: nothing in it is markup. An empty one stays visible. */
export function code(text: string): string {
  const line = oneLine(text)
  if (line === '') return '`?`'
  const ticks = '`'.repeat(longestRun(line) + 1)
  const padding = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${ticks}${padding}${line}${padding}${ticks}`
}

/** A name where Markdown does not work, such as in what a fold shows of itself. */
export function htmlCode(text: string): string {
  const line = oneLine(text)
  const safe = line.replace(/[&<>"'$]/g, (mark) => `&#${String(mark.charCodeAt(0))};`)
  return `<code>${line === '' ? '?' : safe}</code>`
}

/** A fenced block; the fence is longer than any run of backticks inside. The text keeps its line endings. */
export function fenced(language: string, text: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  const body = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${ticks}${language}\n${body}${ticks}`
}

/** A label inside the quotes of a Mermaid node or edge: whatever is not plain becomes an entity of Mermaid. */
export function mermaidLabel(text: string): string {
  return oneLine(text).replace(
    /[^\p{L}\p{N} ./_:,=-]/gu,
    (character) => `#${String(character.codePointAt(0))};`,
  )
}

/** The address of lines of a file at a commit; the path may hold anything. */
export function escapeUrlPath(path: string): string {
  return path.split('/').map(encodePart).join('/')
}

/** Plain text on one line: for commit messages, where a line break would begin another trailer, and annotations. */
export function plainLine(text: string): string {
  return oneLine(text).trim()
}

/** At most so many characters, and no half of one at the end. */
export function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

function encodePart(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Control, formatting (bidirectional, of no width, tags) and line-ending characters, which hide or reorder what a person reads. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu

function oneLine(text: string): string {
  return text.replace(UNSEEN, ' ')
}

function longestRun(text: string): number {
  return [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 0)
}
