// The lines of a comment that its author says in their own voice: code, quotes and HTML comments are taken out,
// since they show a command and do not give one. A small reading of CommonMark, cautious where it is rough: what
// may be code is taken for code.

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)/s
const INDENTED = /^(?: {4}| {0,3}\t)/
const QUOTE = /^ {0,3}>/
/** The marks of list items, one in the other, before what the line says. */
const ITEMS = /^(?: {0,3}(?:[-+*]|\d{1,9}[.)])(?= ))+ {0,4}/

/** Lines outside of fences, indentation, quotes and HTML comments, with their original spacing. */
export function plainLines(body: string): readonly string[] {
  const lines = withoutComments(body).split(/\r\n|\r|\n/)
  const plain: string[] = []
  let fence: string | null = null
  let quoted = false
  for (const line of lines) {
    // Code and quotes may begin behind the mark of a list item.
    const inner: string = fence === null ? line.replace(ITEMS, '') : line
    const [, marks = '', info = ''] = FENCE.exec(inner) ?? []
    if (fence !== null) {
      if (marks.startsWith(fence) && info.trim() === '') fence = null
      continue
    }
    if (marks !== '' && !(marks.startsWith('`') && info.includes('`'))) {
      fence = marks
      quoted = false
      continue
    }
    // A line right below a quote still belongs to it ("lazy continuation"); an empty line ends it.
    if (QUOTE.test(inner)) quoted = true
    else if (line.trim() === '') quoted = false
    if (!quoted && !INDENTED.test(line)) plain.push(line)
  }
  return plain
}

/** A comment that does not end hides everything after it, as it does on the page; so does preformatted text. */
function withoutComments(body: string): string {
  return body
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/^ {0,3}<pre\b[\s\S]*?(?:<\/pre>|(?![\s\S]))/gim, '<pre>')
}
