// What a tool printed, as documents. Secrets are dropped here, before anything is kept, cached or judged: nothing
// that we say depends on them.
import { readDocument, splitDocuments, writeDocument } from '../../core/yaml/index.ts'

export interface RenderedDocument {
  /** As read; null where it is no YAML. */
  readonly value: unknown
  /** As printed, comments included; written anew where a Secret was taken out of a List. */
  readonly text: string
  /** Why it cannot be read: templates print what they like. Null for what can. */
  readonly error: string | null
}

/** Cuts a tool's output into documents, in their order, without Secrets. */
export function readRendered(stdout: string): readonly RenderedDocument[] {
  return splitDocuments(stdout).flatMap((range): readonly RenderedDocument[] => {
    const text = stdout.slice(range.start, range.end)
    const read = readDocument(stdout, range)
    if (!read.ok) return SECRET.test(text) ? [] : [{ value: null, text, error: read.message }]
    if (isSecret(read.value)) return []
    const kept = withoutSecretItems(read.value)
    if (kept === read.value) return [{ value: kept, text, error: null }]
    return [{ value: kept, text: writeDocument(kept), error: null }]
  })
}

/** The same as text, fit to be kept. */
export function withoutSecrets(stdout: string): string {
  return readRendered(stdout)
    .map(({ text }) => (text.endsWith('\n') ? text : `${text}\n`))
    .join('---\n')
}

/** What cannot be read is not kept where it may be a Secret. */
const SECRET = /\bkind["']?\s*:\s*["']?Secret(?:List)?\b/

function isSecret(value: unknown): boolean {
  return isObject(value) && (value.kind === 'Secret' || value.kind === 'SecretList')
}

function withoutSecretItems(value: unknown): object {
  if (!isObject(value) || !Array.isArray(value.items)) return value as object
  const items = (value.items as readonly unknown[]).filter((item) => !isSecret(item))
  return items.length === value.items.length ? value : { ...value, items }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
