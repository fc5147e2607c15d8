// Lines of a terminal: broken at spaces, and with nothing in them that the terminal would obey.

/** What stands before lines that belong to a title. */
export const INDENT = '    '

/** Characters of a line where nobody says how wide the terminal is. */
export const PLAIN_WIDTH = 100

/** Control characters in names would move the cursor, set colours or begin a line of our own: they are shown, not sent. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (unit) =>
    unit === '\t' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Lines of at most so many characters; a word that is longer stands on its own. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
