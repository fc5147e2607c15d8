// A document of a template as YAML with places: actions give way to a character that stands for whatever they print,
// so that every line and offset stays what it is. Where that reads, and agrees with what was rendered, a route of the
// object leads to its line in the template.
import { isEqual } from '../../../core/kubernetes/origin.ts'
import type { Layer } from '../../../core/kubernetes/origin.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import { readDocument } from '../../../core/yaml/index.ts'
import type { DocumentRange } from '../../../core/yaml/types.ts'
import { actionsOf, blocksOf } from './template.ts'

/** Of the private use area: no manifest has it, and YAML takes it for a letter. */
const ANYTHING = '\uE000'

/** The template as a text of the object, for finding lines; null where it does not read as YAML even so. */
export function templateLayer(
  file: SourceFile,
  range: DocumentRange,
  object: Readonly<Record<string, unknown>>,
): Layer | null {
  for (const withElse of [true, false]) {
    const text = masked(file.text, withElse)
    const read = readDocument(text, range)
    if (!read.ok || typeof read.value !== 'object' || read.value === null) continue
    const value = agreed(read.value, object)
    return { file: { path: file.path, text }, document: range, route: [], mount: [], value, editable: false }
  }
  return null
}

/** Without the branches after an `else`, where a key that both branches write would stand there twice. */
function masked(text: string, withElse: boolean): string {
  const actions = actionsOf(text)
  const cuts = withElse
    ? []
    : blocksOf(actions).flatMap(({ elses: [first], end }) =>
        first === undefined ? [] : [{ start: first.start, end: end?.start ?? text.length }],
      )
  let result = ''
  let at = 0
  for (const { start, end } of [...actions, ...cuts].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < at) continue
    result += text.slice(at, start) + text.slice(start, end).replace(/[^\r\n]/g, ANYTHING)
    at = end
  }
  result += text.slice(at)
  // Lines of nothing but actions are control, or print lines of their own.
  return result.replace(/^[ \t]*\uE000[\uE000 \t]*$/gm, (line) => ' '.repeat(line.length))
}

/** The rendered value wherever the masked one allows for it, so that only there the template is believed. */
function agreed(written: unknown, rendered: unknown): unknown {
  if (allows(written, rendered)) return rendered
  if (Array.isArray(written) && Array.isArray(rendered)) {
    return written.map((item: unknown, index) => agreed(item, rendered[index]))
  }
  if (isMapping(written) && isMapping(rendered)) {
    return Object.fromEntries(
      Object.entries(written).map(([key, value]) => [key, agreed(value, rendered[key])]),
    )
  }
  return written
}

/** What is written may be missing, as conditions decide; what is there has to be what is written. `{}` is nothing else. */
function allows(written: unknown, rendered: unknown): boolean {
  if (rendered === undefined || written === null) return true
  if (typeof written === 'string' && written.includes(ANYTHING)) return true
  if (Array.isArray(written) && Array.isArray(rendered)) {
    return rendered.every((item, index) => index >= written.length || allows(written[index], item))
  }
  if (isMapping(written) && isMapping(rendered) && Object.keys(written).length > 0) {
    return Object.entries(written).every(([key, value]) => allows(value, rendered[key]))
  }
  return isEqual(written, rendered)
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
