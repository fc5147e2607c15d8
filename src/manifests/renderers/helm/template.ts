// The text of a template, which is no YAML: its actions, the documents that it is cut into, which of them makes an
// object, and which values bear on that one. Nothing is evaluated.
import type { DocumentRange } from '../../../core/yaml/types.ts'
import { lineAt } from '../../../core/source/text.ts'
import type { ValuePath } from './values.ts'

/** What stands between `{{` and `}}`, without the trimming dashes; empty for a comment. Offsets hold the braces. */
export interface Action {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The actions of a template, in order, found as text/template/parse/lex.go finds them. */
export function actionsOf(text: string): readonly Action[] {
  const actions: Action[] = []
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', at)) {
    const start = at
    const comment = /^\{\{(?:-\s+)?\/\*/.exec(text.slice(at, at + 40))
    if (comment !== null) {
      const close = text.indexOf('*/', at + comment[0].length)
      const end = close === -1 ? -1 : text.indexOf('}}', close)
      at = end === -1 ? text.length : end + 2
      actions.push({ start, end: at, text: '' })
      continue
    }
    at += 2
    while (at < text.length && !text.startsWith('}}', at)) at = afterToken(text, at)
    at = Math.min(at + 2, text.length)
    actions.push({
      start,
      end: at,
      text: text
        .slice(start + 2, at - 2)
        .replace(/^-\s/, '')
        .replace(/\s-$/, '')
        .trim(),
    })
  }
  return actions
}

/** Past a quoted text, or one character. */
function afterToken(text: string, at: number): number {
  const quote = text[at]
  if (quote !== '"' && quote !== '`' && quote !== "'") return at + 1
  for (let next = at + 1; next < text.length; next += 1) {
    if (quote !== '`' && text[next] === '\\') next += 1
    else if (text[next] === quote) return next + 1
    else if (quote !== '`' && text[next] === '\n') return at + 1
  }
  return at + 1
}

/** A block: `if`, `with`, `range`, `define` or `block` to its `end`, with the `else` of it. */
export interface Block {
  readonly open: Action
  readonly elses: readonly Action[]
  /** Null where the template ends before it. */
  readonly end: Action | null
}

export function blocksOf(actions: readonly Action[]): readonly Block[] {
  const blocks: Block[] = []
  const open: { readonly open: Action; readonly elses: Action[] }[] = []
  for (const action of actions) {
    const word = /^\w+/.exec(action.text)?.[0]
    if (word === 'else') open.at(-1)?.elses.push(action)
    else if (word === 'end') {
      const block = open.pop()
      if (block !== undefined) blocks.push({ ...block, end: action })
    } else if (word !== undefined && /^(if|with|range|define|block)$/.test(word)) {
      open.push({ open: action, elses: [] })
    }
  }
  return [...blocks, ...open.map((block) => ({ ...block, end: null }))]
}

/** What a `define` holds. */
export interface Define {
  readonly text: string
  readonly actions: readonly Action[]
}

/** Named templates of all charts of a release: their names are global. */
export type Defines = ReadonlyMap<string, readonly Define[]>

/** Every `define` in some templates, by name. */
export function definesIn(texts: readonly string[]): Defines {
  const defines = new Map<string, readonly Define[]>()
  for (const text of texts) {
    const actions = actionsOf(text)
    for (const { open, end } of blocksOf(actions)) {
      const name = /^(?:define|block)\s+["`]([^"`]+)["`]/.exec(open.text)?.[1]
      if (name === undefined) continue
      const until = end?.start ?? text.length
      const inside = actions.filter(({ start }) => start > open.start && start < until)
      const define = { text: text.slice(open.end, until), actions: inside }
      defines.set(name, [...(defines.get(name) ?? []), define])
    }
  }
  return defines
}

/** The named templates that actions include, those that these include, and so on. */
export function includedBy(actions: readonly Action[], defines: Defines): readonly Define[] {
  const found: Define[] = []
  const seen = new Set<string>()
  const follow = (some: readonly Action[]): void => {
    for (const { text } of some) {
      for (const [, name = ''] of text.matchAll(/\b(?:include|template)\s+["`]([^"`]+)["`]/g)) {
        if (seen.has(name)) continue
        seen.add(name)
        found.push(...(defines.get(name) ?? []))
      }
    }
  }
  follow(actions)
  // What is found is followed in turn, in the order in which it was found.
  for (const define of found) follow(define.actions)
  return found
}

/** What of a template makes an object. */
export interface Section {
  /** From the line of its `apiVersion` or `kind` to its end; the whole template where that cannot be told. */
  readonly document: DocumentRange
  /** The same with what stands above those lines. */
  readonly range: DocumentRange
  /** Actions that decide about it: its own, the blocks around it, and what is assigned before it. */
  readonly actions: readonly Action[]
}

/** Cuts at `---`, and takes the document that names the kind; of several, the one that ends a name as the object does. */
export function sectionOf(text: string, kind: string, name: string): Section {
  const actions = actionsOf(text)
  const chosen = documentFor(text, kind, name)
  if (chosen === null) {
    const whole = { index: 0, start: 0, end: text.length, line: 1 }
    return { document: whole, range: whole, actions }
  }
  const { range, start } = chosen
  const around = blocksOf(actions)
    .filter(({ open, end }) => open.start < range.start && (end === null || end.start >= range.start))
    .flatMap(({ open, elses }) => [open, ...elses])
  const before = actions.filter((action) => action.start < range.start && /^\$\w+\s*:?=/.test(action.text))
  const inside = actions.filter((action) => action.start >= range.start && action.start < range.end)
  return {
    document: { ...range, start, line: lineAt(text, start, range) },
    range,
    actions: [...around, ...before, ...inside],
  }
}

interface Candidate {
  readonly range: DocumentRange
  /** Of the line of `kind:`, or of an `apiVersion:` above it. */
  readonly start: number
}

/** Null where no document names the kind, or several do and their names do not tell. */
function documentFor(text: string, kind: string, name: string): Candidate | null {
  const ranges = documentsOf(text)
  // A kind further in is the kind of what the object refers to, unless the object is an item of a list.
  const [fit = []] = ['', '[ \\t]+(?:-[ \\t]+)?']
    .map((indent) =>
      ranges.flatMap((range): readonly Candidate[] => {
        const start = headOf(text, range, kind, indent)
        return start === null ? [] : [{ range, start }]
      }),
    )
    .filter((some) => some.length > 0)
  const fits = fit.map(({ range }) => nameFit(text.slice(range.start, range.end), name))
  const best = Math.max(...fits)
  const [first, second] = fit.filter((_, index) => fits[index] === best)
  return second === undefined ? (first ?? null) : null
}

function documentsOf(text: string): readonly DocumentRange[] {
  const marks = [...text.matchAll(/^---[ \t]*(?:#.*)?\r?$/gm)]
  const starts = [0, ...marks.map((mark) => Math.min(mark.index + mark[0].length + 1, text.length))]
  const ends = [...marks.map(({ index }) => index), text.length]
  return starts.map((start, index) => ({
    index,
    start,
    end: Math.max(start, ends[index] ?? start),
    line: lineAt(text, start),
  }))
}

function headOf(text: string, { start, end }: DocumentRange, kind: string, indent: string): number | null {
  const part = text.slice(start, end)
  const line = new RegExp(`^${indent}kind:[ \\t]*["']?([\\w.-]+)["']?[ \\t]*(?:#.*)?\\r?$`, 'gm')
  const found = [...part.matchAll(line)].find(([, literal]) => literal === kind)
  if (found === undefined) return null
  const version = part.search(new RegExp(`^${indent}apiVersion:`, 'm'))
  return start + (version !== -1 && version < found.index ? version : found.index)
}

/** How much of the object's name a document writes out: all of it, or what follows the last action of a name. */
function nameFit(part: string, name: string): number {
  let fit = 0
  for (const [, written = ''] of part.matchAll(/^[ \t]*name:(.*)/gm)) {
    const told = written.replace(/[ \t]#.*/, '').trim()
    const bare = told.replace(/^(["'])(.*)\1$/, '$2')
    if (bare === name) return Infinity
    const suffix = bare.includes('}}') ? bare.slice(bare.lastIndexOf('}}') + 2) : ''
    if (suffix !== '' && name.endsWith(suffix)) fit = Math.max(fit, suffix.length)
  }
  return fit
}

/** The values that actions name: `.Values.a.b`, and `index .Values "a" "b"`. Each once, in order. */
export function valuesIn(actions: readonly Action[]): readonly ValuePath[] {
  const found = new Map<string, ValuePath>()
  const add = (path: ValuePath): void => {
    if (path.length > 0) found.set(JSON.stringify(path), path)
  }
  for (const { text } of actions) {
    for (const [, path = ''] of text.matchAll(/\.Values((?:\.[A-Za-z_]\w*)*)/g)) add(path.split('.').slice(1))
    for (const [, path = '', keys = ''] of text.matchAll(
      /\bindex\s+(?:\$\w*)?\.Values((?:\.\w+)*)((?:\s+"[^"]*")+)/g,
    )) {
      add([...path.split('.').slice(1), ...[...keys.matchAll(/"([^"]*)"/g)].map(([, key = '']) => key)])
    }
  }
  return [...found.values()]
}
