// How an ApplicationSet writes parameters into its template and into the generators inside a matrix: in every string
// on its own, keys of mappings included (deeplyReplace and Replace in Argo CD's applicationset/utils/utils.go).
import { MAX_TEXT, goTemplate } from './go-template.ts'
import type { Text } from './go-template.ts'

/** The parameters of one Application; flat, by names such as `path.basename`, where the syntax is the older one. */
export type Params = Readonly<Record<string, unknown>>

export interface Syntax {
  readonly isGo: boolean
  /** The Go option `missingkey=error`. */
  readonly isStrict: boolean
}

/** A value with everything in it replaced, or why that cannot be done. */
export type Replaced =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly kind: 'unsupported' | 'failed'; readonly why: string }

/** Strings replaced at any depth; without parameters a value stays as it is. */
export function replaceIn(value: unknown, params: Params, syntax: Syntax): Replaced {
  if (Object.keys(params).length === 0) return { ok: true, value }
  if (typeof value === 'string') {
    const text = replaceText(value, params, syntax)
    return text.ok ? { ok: true, value: text.text } : text
  }
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value) {
      const replaced = replaceIn(item, params, syntax)
      if (!replaced.ok) return replaced
      items.push(replaced.value)
    }
    return { ok: true, value: items }
  }
  if (typeof value !== 'object' || value === null) return { ok: true, value }
  const entries: [string, unknown][] = []
  for (const [key, inner] of Object.entries(value)) {
    const name = replaceText(key, params, syntax)
    if (!name.ok) return name
    const replaced = replaceIn(inner, params, syntax)
    if (!replaced.ok) return replaced
    entries.push([name.text, replaced.value])
  }
  return { ok: true, value: Object.fromEntries(entries) }
}

export function replaceText(text: string, params: Params, { isGo, isStrict }: Syntax): Text {
  return isGo ? goTemplate(text, params, isStrict) : fastTemplate(text, params)
}

/** valyala/fasttemplate as Argo CD calls it: what is no parameter, or is no text, stays as it is written. */
function fastTemplate(text: string, params: Params): Text {
  if (!/\{\{.*\}\}/.test(text)) return { ok: true, text }
  let result = ''
  for (let at = 0; ;) {
    const open = text.indexOf('{{', at)
    if (open === -1) return { ok: true, text: result + text.slice(at) }
    const close = text.indexOf('}}', open + 2)
    if (close === -1) return { ok: false, kind: 'failed', why: 'a template is not closed with }}' }
    const tag = text.slice(open + 2, close)
    const name = tag.trim()
    const value = name !== '' && Object.hasOwn(params, name) ? params[name] : undefined
    result += text.slice(at, open) + (typeof value === 'string' ? value : `{{${tag}}}`)
    if (result.length > MAX_TEXT) {
      const why = `more than ${String(MAX_TEXT)} characters of text`
      return { ok: false, kind: 'unsupported', why }
    }
    at = close + 2
  }
}
