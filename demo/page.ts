// A pull request page in a terminal: who said what, in the order in which it happened.
import pc from 'picocolors'

/** As wide as the terminal; 80 is what a narrow one wraps, and beyond 100 nobody reads. */
const WIDTH = Math.min(100, Math.max(80, process.stdout.isTTY ? process.stdout.columns : 80))
const MARK = { success: pc.green('✓'), failure: pc.red('✗'), neutral: pc.yellow('–') } as const

export function print(text: string = ''): void {
  process.stdout.write(`${text}\n`)
}

/** A line across the page, with a title. */
export function heading(title: string): void {
  print()
  print(pc.bold(pc.inverse(` ${title} `.padEnd(WIDTH))))
}

/** Someone does something. */
export function deed(who: string, what: string): void {
  print()
  print(`${pc.bold(pc.cyan(who))} ${what}`)
}

export function check(conclusion: string, title: string): void {
  const mark = conclusion in MARK ? MARK[conclusion as keyof typeof MARK] : '•'
  print(`  ${mark} ${pc.bold('ambient-guard')} ${pc.dim('—')} ${title}`)
}

/** Markdown as a reader sees it, behind a bar: no markers, no tags, diffs in colour. */
export function markdown(text: string): void {
  let fence: { readonly ticks: string; readonly language: string } | null = null
  const lines = text
    .replace(/<!--.*?-->\n?/gs, '')
    .trim()
    .split('\n')
  for (const line of unfolded(lines).flatMap(brokenUp)) {
    const [, ticks = '', language = ''] = /^\s*(`{3,})\s*(\w*)/.exec(line) ?? []
    if (fence === null && ticks !== '') {
      fence = { ticks, language }
      if (language === 'suggestion') bar(pc.dim('┌─ suggested change ─ Commit suggestion'))
      if (language === 'mermaid') bar(pc.dim('(a picture on the page: who loses whom)'))
    } else if (fence !== null && line.trim() === fence.ticks) {
      fence = null
    } else if (fence !== null) {
      if (fence.language !== 'mermaid') bar(code(line, fence.language))
    } else {
      prose(line)
    }
  }
}

let explained = false

/** Folds are closed, as on the page, but for the first explanation of all: one shows what the others are like. */
function unfolded(lines: readonly string[]): readonly string[] {
  let closed = 0
  return lines.flatMap((line) => {
    if (closed > 0) {
      closed += line.includes('<details>') ? 1 : line.includes('</details>') ? -1 : 0
      return []
    }
    if (!line.includes('<details>')) return [line]
    if (!explained && line.includes('<summary>Why')) {
      explained = true
      return [line.replace('<summary>', '<summary open>')]
    }
    closed = 1
    return [line]
  })
}

/** What follows a break stands below the text of its item. */
function brokenUp(line: string): readonly string[] {
  const indent = ' '.repeat(/^\s*(?:[-*]\s+)?/.exec(line)?.[0].length ?? 0)
  return line.split('<br>').map((part, index) => (index === 0 ? part : indent + part))
}

/** Text as it is. */
export function quote(text: string): void {
  for (const line of text.trimEnd().split('\n')) for (const part of wrap(line, 0)) bar(part)
}

/** A unified diff in colour. */
export function diff(text: string): void {
  for (const line of text.trimEnd().split('\n')) bar(code(line, 'diff'))
}

function prose(line: string): void {
  const plain = line
    .replace(/<summary>(.*?)<\/summary>/g, '▸ $1')
    .replace(/<summary open>(.*?)<\/summary>/g, '▾ $1')
    .replace(/<[^>]+>/g, '')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/\\([\\`*_{}[\]<>()#+.!|~@-])/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/&#(\d+);/g, (_, unit: string) => String.fromCodePoint(Number(unit)))
    .replace(/\u200b/g, '')
    .replace(/\\$/, '')
  if (plain.trim() === '') {
    bar('')
    return
  }
  const title = /^#+\s+(.*)$/.exec(plain)
  const indent = /^\s*(?:[-*]\s+)?/.exec(plain)?.[0].length ?? 0
  for (const part of wrap(title?.[1] ?? plain, indent)) bar(title === null ? emphasise(part) : pc.bold(part))
}

function emphasise(line: string): string {
  return line
    .replace(/\*\*(.+?)\*\*/g, (_, words: string) => pc.bold(words))
    .replace(/`([^`]+)`/g, (_, words: string) => pc.cyan(words))
}

function code(line: string, language: string): string {
  if (language === 'suggestion') return `${pc.dim('│')} ${pc.green(line)}`
  if (language !== 'diff') return pc.dim(line)
  if (/^(---|\+\+\+|diff|index)/.test(line)) return pc.dim(line)
  return line.startsWith('+')
    ? pc.green(line)
    : line.startsWith('-')
      ? pc.red(line)
      : line.startsWith('@@')
        ? pc.cyan(line)
        : line
}

function bar(text: string): void {
  print(`  ${pc.dim('│')} ${text}`.trimEnd())
}

function wrap(text: string, indent: number): readonly string[] {
  const lines: string[] = []
  let line = /^ */.exec(text)?.[0] ?? ''
  for (const word of text.trimStart().split(' ')) {
    if (line.length + word.length + 1 > WIDTH - 6 && line.trim() !== '') {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else {
      line += line.trim() === '' ? word : ` ${word}`
    }
  }
  return [...lines, line]
}
