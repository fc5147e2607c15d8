// What Flux lists in the kustomization that it writes for a folder without one: every YAML file at any depth, and each
// folder that has a kustomization, as a whole (fluxcd/pkg, kustomize/kustomize_generator.go). It refuses a file that is
// no Kubernetes object, and then applies nothing of the folder.
import { posix } from 'node:path'
import { compareText } from '../../../core/source/problem.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { lineAt } from '../../../core/source/text.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { listedItems } from '../../parse.ts'
import type { Kitchen } from '../../unit.ts'
import { told } from './object.ts'
import type { Ask } from './object.ts'
import { closureOf, kustomizationAt } from '../kustomize/closure.ts'
import { objectsIn } from '../kustomize/origin.ts'

export interface Generated {
  /** YAML files of Kubernetes objects, by path in the tree. */
  readonly files: readonly string[]
  readonly folders: readonly string[]
  /** Every YAML file that was looked at. */
  readonly looked: readonly string[]
  readonly problems: readonly Problem[]
  /** Would kustomize make something else of the files than their objects as they stand, or refuse them? */
  readonly needsBuild: boolean
}

/** What Flux lists for `folder`, less what does not reach the artifact. */
export async function generatedFor(
  { tree, parsed }: Pick<Kitchen, 'tree' | 'parsed'>,
  ask: Ask,
  folder: string,
  leftOut: (path: string) => boolean,
): Promise<Generated> {
  const found: string[] = []
  const folders: string[] = []
  const walk = (at: string): void => {
    for (const name of tree.names(at)) {
      const path = joinPath(at, name)
      const kind = tree.kindOf(path)
      if (kind === 'file') {
        if (['.yaml', '.yml'].includes(posix.extname(name)) && !leftOut(path)) found.push(path)
      } else if (kind === 'folder') {
        const own = kustomizationAt(tree, path)
        if (own !== null && !leftOut(own)) folders.push(path)
        else walk(path)
      }
    }
  }
  walk(folder)
  const files: string[] = []
  const problems: Problem[] = []
  const seen: Seen = { identities: new Set(), needsBuild: false }
  for (const path of found) {
    const content = await contentOf(tree, path, seen)
    if (content === 'objects') files.push(path)
    else if (content === 'not text') for (const file of await parsed([path])) problems.push(...file.problems)
    else if (content !== 'nothing') problems.push(refused(ask, path, content))
  }
  for (const at of folders) await lookInto(tree, at, seen)
  return {
    files: files.sort(compareText),
    folders: folders.sort(compareText),
    looked: found,
    problems,
    needsBuild: seen.needsBuild,
  }
}

interface Refusal {
  readonly line: number
  readonly why: string
  /** Is a document of it no YAML at all? */
  readonly isBroken: boolean
}

type Content = 'objects' | 'nothing' | 'not text' | Refusal

interface Seen {
  readonly identities: Set<string>
  needsBuild: boolean
}

async function contentOf(tree: SourceTree, path: string, seen: Seen): Promise<Content> {
  const file = await tree.text(path)
  if (file === null) return 'not text'
  let content: Content = 'nothing'
  for (const range of splitDocuments(file.text)) {
    const read = readDocument(file.text, range)
    if (!read.ok) return { line: lineAt(file.text, read.offset, range), why: read.message, isBroken: true }
    if (read.value === null || isOfKustomize(read.value)) continue
    const why = whyNoObject(read.value)
    if (why !== null) return { line: range.line, why, isBroken: false }
    content = 'objects'
    look(read.value as Readonly<Record<string, unknown>>, seen)
  }
  return content
}

/**
 * An object "that is local-config" is left out of what kustomize builds, and an object that is there twice makes "may
 * not add resource with an already registered id" of it (api/resmap/reswrangler.go).
 */
function look(object: Readonly<Record<string, unknown>>, seen: Seen): void {
  for (const item of listedItems(object) ?? [object]) {
    const { apiVersion, kind, metadata } = (item ?? {}) as Readonly<Record<string, unknown>>
    const { name, namespace, annotations } = (metadata ?? {}) as Readonly<Record<string, unknown>>
    const identity = JSON.stringify([apiVersion, kind, namespace ?? 'default', name])
    const isLocal = Object.hasOwn((annotations ?? {}) as object, 'config.kubernetes.io/local-config')
    if (isLocal || seen.identities.has(identity)) seen.needsBuild = true
    seen.identities.add(identity)
  }
}

/**
 * The objects of a kustomization, as its files name them; what it does to their names and namespaces is reckoned with.
 * Where some seem to be twice, the build that Flux makes tells.
 */
async function lookInto(tree: SourceTree, folder: string, seen: Seen): Promise<void> {
  const { files, kustomizations } = await closureOf(folder, tree)
  const root = kustomizations.find((one) => one.folder === folder)?.value ?? {}
  const own = new Set<string>()
  for (const path of files) {
    const file = /\.(ya?ml|json)$/.test(path) ? await tree.text(path) : null
    for (const { value } of file === null ? [] : objectsIn(file)) {
      const { apiVersion, kind } = value
      const { name, namespace } = (value.metadata ?? {}) as Readonly<Record<string, unknown>>
      const called = `${String(root.namePrefix ?? '')}${String(name)}${String(root.nameSuffix ?? '')}`
      own.add(JSON.stringify([apiVersion, kind, root.namespace ?? namespace ?? 'default', called]))
    }
  }
  if ([...own].some((identity) => seen.identities.has(identity))) seen.needsBuild = true
  for (const identity of own) seen.identities.add(identity)
}

/** `GetValidatedMetadata` of kyaml, which a kustomization reads resources with, and Flux's own check of the output. */
function whyNoObject(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no mapping'
  const { apiVersion, kind, metadata } = value as Record<string, unknown>
  for (const [key, text] of Object.entries({ apiVersion, kind }))
    if (typeof text !== 'string' || text === '') return `it has no ${key}`
  if (String(kind).endsWith('List')) return null
  const name =
    typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>).name : null
  return typeof name === 'string' && name !== '' ? null : 'it has no metadata.name'
}

/** A part of a kustomization is no object that a cluster takes. */
function isOfKustomize(value: unknown): boolean {
  const { apiVersion } = (typeof value === 'object' ? value : {}) as Record<string, unknown>
  return typeof apiVersion === 'string' && apiVersion.startsWith('kustomize.config.k8s.io/')
}

/** Of a document that cannot be read, the others of its file are hidden with it: whatever namespace they are in. */
function refused(ask: Ask, path: string, { line, why, isBroken }: Refusal): Problem {
  const said = isBroken
    ? {
        code: 'unreadable-yaml',
        message: `A document of ${path} is not readable YAML (${why}), and Flux builds nothing of ${ask.title} until it is.`,
        remedy: 'Correct it; nothing of the file was judged.',
        hides: { namespaces: 'all' as const, under: [path] },
      }
    : {
        code: 'not-a-manifest',
        message: `${path} is no Kubernetes object (${why}), and Flux builds ${ask.title} of objects only.`,
        remedy: 'Move it out of the folder, or give the folder a kustomization.yaml that leaves it out.',
        hides: { namespaces: [], under: [path] },
      }
  return { ...told(ask, ['spec', 'path'], { ...said, class: 'unreadable' }), path, line }
}
