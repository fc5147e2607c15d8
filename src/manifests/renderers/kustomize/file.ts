// A kustomization as it stands in a folder: which file it is, what it says, and where in it something stands.
import type { Place } from '../../../core/kubernetes/origin.ts'
import { onceEach } from '../../../core/source/once-each.ts'
import { lineAt } from '../../../core/source/text.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import { locate, readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import type { DocumentRange, Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'

/** konfig.RecognizedKustomizationFileNames. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const

export type Mapping = Readonly<Record<string, unknown>>

export interface KustomizationFile {
  readonly folder: string
  /** Its path, also where nobody has written it yet. */
  readonly path: string
  /** Null where a controller writes it. */
  readonly source: { readonly file: SourceFile; readonly document: DocumentRange } | null
  /** What the file says. */
  readonly written: Mapping
  /** The same with what a controller adds. */
  readonly value: Mapping
  readonly isComponent: boolean
  /** Who names it, as far as the root; null for the root. */
  readonly namedBy: KustomizationFile | null
  /** Where what the file does not say is asked for. */
  readonly asked: Place
}

export type FolderState =
  | { readonly kind: 'readable'; readonly kustomization: KustomizationFile }
  | { readonly kind: 'none' }
  /** kustomize refuses to choose (LoadKustFile). */
  | { readonly kind: 'several'; readonly names: readonly string[] }
  | { readonly kind: 'broken'; readonly path: string; readonly line: number; readonly why: string }
  | { readonly kind: 'link' | 'submodule'; readonly path: string }

/** The path of a folder's kustomization; null where there is none, or it is no regular file. Of several, the first. */
export function kustomizationAt(tree: SourceTree, folder: string): string | null {
  return (
    KUSTOMIZATION_FILES.map((name) => joinPath(folder, name)).find((path) => tree.kindOf(path) === 'file') ??
    null
  )
}

/** Reads the kustomization of a folder. What it names is not looked at. */
export async function inspectFolder(tree: SourceTree, folder: string): Promise<FolderState> {
  const there = KUSTOMIZATION_FILES.flatMap((name) => {
    const path = joinPath(folder, name)
    const kind = tree.kindOf(path)
    return kind === 'file' || kind === 'link' || kind === 'submodule' ? [{ name, path, kind }] : []
  })
  const [first] = there
  if (first === undefined) return { kind: 'none' }
  if (there.length > 1) return { kind: 'several', names: there.map(({ name }) => name) }
  if (first.kind !== 'file') return { kind: first.kind, path: first.path }
  const file = await tree.text(first.path)
  if (file === null) return { kind: 'broken', path: first.path, line: 1, why: 'it is not UTF-8 text' }
  const parsed = parse(file)
  return parsed.kind === 'readable'
    ? { kind: 'readable', kustomization: { ...parsed.kustomization, folder } }
    : parsed
}

/** A base of many overlays is parsed once. */
const parse = onceEach(parseAnew)

/** sigs.k8s.io/yaml reads the first document, and takes no notice of others. */
function parseAnew(file: SourceFile): FolderState {
  const { path } = file
  const document = splitDocuments(file.text)[0] ?? { index: 0, start: 0, end: file.text.length, line: 1 }
  const result = readDocument(file.text, document)
  if (!result.ok)
    return { kind: 'broken', path, line: lineAt(file.text, result.offset, document), why: result.message }
  const value = result.value ?? {}
  if (typeof value !== 'object' || Array.isArray(value))
    return { kind: 'broken', path, line: document.line, why: 'it is no mapping' }
  const written = value as Mapping
  return {
    kind: 'readable',
    kustomization: {
      folder: '',
      path,
      source: { file, document },
      written,
      value: written,
      isComponent: written.kind === 'Component',
      namedBy: null,
      asked: { path, line: document.line },
    },
  }
}

/** The root with what a controller adds: lists are appended to what is there, other values replace it. */
export function withAdditions(
  kustomization: KustomizationFile,
  additions: Mapping,
  asked: Place,
): KustomizationFile {
  const value: Record<string, unknown> = { ...kustomization.value }
  for (const [field, added] of Object.entries(additions)) {
    const before = value[field]
    value[field] =
      Array.isArray(added) && Array.isArray(before)
        ? [...(before as unknown[]), ...(added as unknown[])]
        : added
  }
  return { ...kustomization, value, asked }
}

/** The kustomization that a controller writes into a folder that has none. */
export function generatedKustomization(
  folder: string,
  resources: readonly string[],
  asked: Place,
): KustomizationFile {
  const value = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }
  const path = joinPath(folder, KUSTOMIZATION_FILES[0])
  return { folder, path, source: null, written: {}, value, isComponent: false, namedBy: null, asked }
}

/** The line of what stands at a route; of what the file does not say, where it is asked for. */
export function placeIn({ source, written, asked }: KustomizationFile, route: Route): Place {
  const [field = '', index] = route
  const entries = written[field]
  const isWritten =
    typeof index === 'number' ? Array.isArray(entries) && index < entries.length : entries !== undefined
  if (source === null || !isWritten) return asked
  const { file, document } = source
  for (let length = route.length; length > 0; length -= 1) {
    const span = locate(file.text, document, route.slice(0, length))
    if (span !== null) return { path: file.path, line: lineAt(file.text, span.start, document) }
  }
  return { path: file.path, line: document.line }
}

/** The values of every document of a text that can be read. */
export function readAll(text: string): readonly unknown[] {
  return readDocuments(text).map(({ value }) => value)
}

export interface ReadDocument {
  readonly document: DocumentRange
  readonly value: unknown
}

/** Every document of a file that can be read. A patch that many objects are asked about is read once. */
export const documentsIn = onceEach(({ text }: SourceFile): readonly ReadDocument[] => readDocuments(text))

function readDocuments(text: string): readonly ReadDocument[] {
  return splitDocuments(text).flatMap((document) => {
    const result = readDocument(text, document)
    return result.ok ? [{ document, value: result.value }] : []
  })
}

/** The namespace that the outermost kustomization on the way sets, which is the one that counts; none where none does. */
export function namespacesAround(kustomization: KustomizationFile): readonly string[] {
  let found: readonly string[] = []
  for (let at: KustomizationFile | null = kustomization; at !== null; at = at.namedBy) {
    const { namespace } = at.value
    if (typeof namespace === 'string' && namespace !== '') found = [namespace]
  }
  return found
}

/** The folder of the root that a kustomization is reached from. */
export function rootFolder(kustomization: KustomizationFile): string {
  let at = kustomization
  while (at.namedBy !== null) at = at.namedBy
  return at.folder
}
