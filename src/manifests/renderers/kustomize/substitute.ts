// Variables as Flux replaces them once a kustomization is built: in the text of each document, which is then read again,
// so that `port: ${port}` becomes a number (fluxcd/pkg/kustomize/kustomize_varsub.go).
import { readDocument } from '../../../core/yaml/index.ts'
import { envsubst } from './envsubst.ts'
import { mapping } from './select.ts'

export type Variables = ReadonlyMap<string, string>

export type Replaced =
  | { readonly ok: true; readonly value: unknown }
  /** `known`: Flux fails on it as well. */
  | { readonly ok: false; readonly known: boolean; readonly message: string }

const SWITCH = 'kustomize.toolkit.fluxcd.io/substitute'

/** Names that Flux refuses, and with them everything. */
export function refusedNames(variables: Variables): readonly string[] {
  return [...variables.keys()].filter((name) => !/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name)).sort()
}

/** Variables as Flux takes them: without line breaks. */
export function flatVariables(variables: Variables): Variables {
  return new Map([...variables].map(([name, value]) => [name, value.replaceAll('\n', '')]))
}

/** Is an object kept from it? Where there is no variable at all, Flux replaces nothing, and `$$` stays. */
export function isReplacedIn(object: unknown, variables: Variables): boolean {
  if (variables.size === 0) return false
  const { labels, annotations } = mapping(mapping(object).metadata)
  return mapping(labels)[SWITCH] !== 'disabled' && mapping(annotations)[SWITCH] !== 'disabled'
}

export function replaceVariables(text: string, variables: Variables): Replaced {
  const replaced = envsubst(text, variables)
  if (!replaced.ok) return replaced
  const read = readDocument(replaced.text, { start: 0, end: replaced.text.length })
  if (read.ok) return { ok: true, value: read.value }
  return { ok: false, known: true, message: `what comes out is no YAML: ${read.message}` }
}

/** A value of a source with its variables replaced, as far as that can be done text by text. */
export function replaceInValue(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return value.includes('$') ? replaceInText(value, variables) : value
  if (Array.isArray(value)) return value.map((item: unknown) => replaceInValue(item, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.includes('$') ? String(replaceInText(key, variables)) : key,
      replaceInValue(inner, variables),
    ]),
  )
}

/** kustomize quotes what would not be a plain scalar; all other texts are read again as what they became. */
function replaceInText(text: string, variables: Variables): unknown {
  const replaced = envsubst(text, variables)
  if (!replaced.ok) return text
  if (/[\n#]|: |^[\s{[&*!|>'"%@`?-]/.test(text)) return replaced.text
  const read = readDocument(replaced.text, { start: 0, end: replaced.text.length })
  return read.ok && (typeof read.value !== 'object' || read.value === null) ? read.value : replaced.text
}
