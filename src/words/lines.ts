// Lines of a terminal: broken at spaces, and with nothing in them that the terminal would obey.

/** What stands before lines that belong to a title. */
export const INDENT = '    '

/** Nobody likes to read longer lines, however wide the terminal is. */
export const MOST_WIDTH = 100

/** Control characters in names would move the cursor, set colours or begin a line of our own: they are shown, not sent. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (unit) =>
    unit === '\t' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The lines of a text that may come from Windows: its line endings are none of their characters. */
export function printableLines(text: string): readonly string[] {
  return text.split(/\r?\n/).map(printable)
}

/**
 * Lines of at most `width` characters, of which all but the first begin with `hanging`; a word that is longer stands on
 * its own. Colours have no width. An infinite width keeps everything in one line.
 */
export function wrap(text: string, width: number, hanging: string = ''): readonly string[] {
  const [first = '', ...words] = text.split(' ')
  const lines: string[] = []
  let line = first
  for (const word of words) {
    if (shown(line) + shown(word) + 1 > width) {
      lines.push(line.trimEnd())
      line = hanging + word
    } else {
      // Of two spaces between columns none is left where a line breaks.
      line += lines.length > 0 && line === hanging ? word : ` ${word}`
    }
  }
  return [...lines, line]
}

/** How many characters a terminal shows of it. */
function shown(text: string): number {
  // eslint-disable-next-line no-control-regex -- the escape sequences that picocolors writes
  return text.replace(/\u001b\[\d+m/g, '').length
}
