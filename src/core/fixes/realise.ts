// Changes become edits of files and new files, or the reason why a file is not edited.
import { valueAt } from '../kubernetes/origin.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import { applyEdits } from '../source/text.ts'
import type { SourceFile, TextEdit } from '../source/text.ts'
import { patchDocument, splitDocuments, writeDocument } from '../yaml/index.ts'
import type { Route, YamlPatch } from '../yaml/types.ts'
import { patchedBy } from '../yaml/value.ts'
import { changeKey, documentKey, objectKey, skeletonKey } from './change.ts'
import type { Append, Change, Companion, Overlay } from './change.ts'

export interface FileEdit {
  readonly path: string
  /** Null for a new file. */
  readonly before: string | null
  /** Of `before`; a new file is one insertion into nothing. */
  readonly edits: readonly TextEdit[]
  readonly after: string
}

export type Realised =
  { readonly ok: true; readonly files: readonly FileEdit[] } | { readonly ok: false; readonly reason: string }

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

/**
 * Equal changes are made once; items for one object share a patch, and rules of one companion a file. Files come in
 * path order.
 */
export function realise(changes: readonly Change[]): Realised {
  const unique = [...new Map(changes.map((change) => [changeKey(change), change])).values()]
  const overlays = unique.filter((change) => change.kind === 'overlay')
  const companions = unique.filter((change) => change.kind === 'companion')
  const appends = unique.filter((change) => change.kind === 'append')
  const created: FileEdit[] = []
  for (const same of grouped(overlays, ({ host, target }) => JSON.stringify([host.path, target])).values()) {
    const patch = kustomizationPatch(same)
    if (!patch.ok) return patch
    appends.push(patch.value)
  }
  const [inFiles, atEnds] = [
    companions.filter(({ end }) => end === null),
    companions.filter(({ end }) => end !== null),
  ]
  for (const same of grouped(inFiles, ({ path }) => path).values()) {
    const made = newPolicy(same)
    if (!made.ok) return made
    created.push(made.value.file)
    if (made.value.listed !== null) appends.push(made.value.listed)
  }
  const edited = editTexts(appends, [...grouped(atEnds, objectKey).values()])
  if (!edited.ok) return edited
  const files = [...edited.value, ...created].sort((a, b) => compareText(a.path, b.path))
  const clash = files.find(({ path }, index) => files[index + 1]?.path === path)
  return clash === undefined
    ? { ok: true, files }
    : { ok: false, reason: `${clash.path} would be both edited and created` }
}

/** @param policies new ones, each by the companions that are its rules, at the ends of files */
function editTexts(
  appends: readonly Append[],
  policies: readonly (readonly Companion[])[],
): Outcome<readonly FileEdit[]> {
  const files = new Map<string, { readonly file: SourceFile; readonly edits: TextEdit[] }>()
  for (const same of grouped(appends, ({ file, document }) => documentKey(file, document)).values()) {
    const [{ file, document }] = same as [Append, ...Append[]]
    const patches = new Map<string, YamlPatch>(same.map(({ patch }) => [JSON.stringify(patch), patch]))
    const patched = patchDocument(file.text, document, [...patches.values()])
    if (!patched.ok) return refuse(`${file.path}: ${patched.reason}`)
    const entry = files.get(file.path) ?? { file, edits: [] }
    entry.edits.push(...patched.edits)
    files.set(file.path, entry)
  }
  for (const same of policies) {
    const [{ end: file, path }] = same as [Companion, ...Companion[]]
    if (file === null) continue
    const written = writePolicy(same)
    if (written === null) return refuse(`two different policies would be written to ${path}`)
    const entry = files.get(path) ?? { file, edits: [] }
    const at = file.text.length
    entry.edits.push({ start: at, end: at, text: documentAfter(file.text, written) })
    files.set(path, entry)
  }
  const value = [...files.values()].map(({ file: { path, text }, edits }) => ({
    path,
    before: text,
    edits,
    after: applyEdits(text, edits),
  }))
  return { ok: true, value }
}

/**
 * One JSON patch (RFC 6902) for everything that an object lacks: a list that is made stays made for the next item. What
 * has to stand in the object is asked before anything is added.
 */
function kustomizationPatch(overlays: readonly Overlay[]): Outcome<Append> {
  const [{ host, target, object }] = overlays as [Overlay, ...Overlay[]]
  let current: unknown = object
  const tests = overlays.flatMap(({ guards }) =>
    guards.map(({ route, value }) => ({ op: 'test', path: pointer(route), value })),
  )
  const operations: unknown[] = [...new Map(tests.map((test) => [test.path, test])).values()]
  for (const { patch } of overlays) {
    const exists = patch.op === 'append' && Array.isArray(valueAt(current, patch.route))
    // What is there already is replaced by `add` (RFC 6902, section 4.1).
    const value = patch.op === 'append' && !exists ? [patch.value] : patch.value
    operations.push({ op: 'add', path: pointer(exists ? [...patch.route, '-'] : patch.route), value })
    current = patchedBy(current, patch)
  }
  return inKustomization(host, ['patches'], { target, patch: writeDocument(operations).trimEnd() })
}

/** RFC 6901, section 3. */
function pointer(route: Route): string {
  return route.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function newPolicy(
  companions: readonly Companion[],
): Outcome<{ readonly file: FileEdit; readonly listed: Append | null }> {
  const [{ path, host, name }] = companions as [Companion, ...Companion[]]
  const text = writePolicy(companions)
  if (text === null) return refuse(`two different policies would be written to ${path}`)
  const file = { path, before: null, edits: [{ start: 0, end: 0, text }], after: text }
  if (host === null) return { ok: true, value: { file, listed: null } }
  const listed = inKustomization(host, ['resources'], `${name}.yaml`)
  return listed.ok ? { ok: true, value: { file, listed: listed.value } } : listed
}

/** Null where they are not rules of one policy. */
function writePolicy(companions: readonly Companion[]): string | null {
  const [first] = companions as [Companion, ...Companion[]]
  const { name, namespace, skeleton } = first
  const parts = [...grouped(companions, skeletonKey).values()].map(specOf)
  // Only Cilium's policies hold several: members of `specs`, each with a selector of its own.
  const one = parts.length === 1 || skeleton.kind.startsWith('Cilium')
  if (!one || companions.some((other) => objectKey(other) !== objectKey(first))) return null
  return writeDocument({
    apiVersion: skeleton.apiVersion,
    kind: skeleton.kind,
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
    ...(parts.length === 1 ? { spec: parts[0] } : { specs: parts }),
  })
}

/** What is put behind a text for a further document to follow, with the line ends that it has. */
function documentAfter(text: string, document: string): string {
  const added = `${/(?:^|\n)$/.test(text) ? '' : '\n'}---\n${document}`
  return text.includes('\r\n') ? added.replaceAll('\n', '\r\n') : added
}

function specOf(same: readonly Companion[]): Readonly<Record<string, unknown>> {
  const [{ skeleton, direction }] = same as [Companion, ...Companion[]]
  const rules = new Map(same.map(({ rule }) => [JSON.stringify(rule), rule]))
  return { ...skeleton.spec, [direction]: [...rules.values()] }
}

function inKustomization(file: SourceFile, route: Route, value: unknown): Outcome<Append> {
  const [document, ...others] = splitDocuments(file.text)
  if (document === undefined || others.length > 0) return refuse(`${file.path} is not one YAML document`)
  return { ok: true, value: { kind: 'append', file, document, patch: { op: 'append', route, value } } }
}

function refuse(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}
