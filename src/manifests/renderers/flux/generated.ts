// What Flux lists in the kustomization that it writes for a folder without one: every YAML file at any depth, and each
// folder that has a kustomization, as a whole (fluxcd/pkg, kustomize/kustomize_generator.go). It refuses a file that is
// no Kubernetes object, and then applies nothing of the folder.
import { posix } from 'node:path'
import { compareText } from '../../../core/source/problem.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { listedItems } from '../../parse.ts'
import type { Kitchen } from '../../unit.ts'
import { told } from './object.ts'
import type { Ask } from './object.ts'
import { kustomizationAt } from '../kustomize/file.ts'

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
  const broken: string[] = []
  const problems: Problem[] = []
  const seen: Seen = { identities: new Set(), needsBuild: false }
  for (const path of found) {
    const content = await contentOf(tree, path, seen)
    if (content === 'objects') files.push(path)
    else if (content === 'broken') broken.push(path)
    else if (content !== 'nothing') problems.push(refused(ask, path, content.line, content.why))
  }
  for (const file of await parsed(broken)) problems.push(...file.problems)
  return {
    files: files.sort(compareText),
    folders: folders.sort(compareText),
    looked: found,
    problems,
    needsBuild: seen.needsBuild,
  }
}

type Content = 'objects' | 'nothing' | 'broken' | { readonly line: number; readonly why: string }

interface Seen {
  readonly identities: Set<string>
  needsBuild: boolean
}

async function contentOf(tree: SourceTree, path: string, seen: Seen): Promise<Content> {
  const file = await tree.text(path)
  if (file === null) return 'broken'
  let content: Content = 'nothing'
  for (const range of splitDocuments(file.text)) {
    const read = readDocument(file.text, range)
    if (!read.ok) return 'broken'
    if (read.value === null || isOfKustomize(read.value)) continue
    const why = whyNoObject(read.value)
    if (why !== null) return { line: range.line, why }
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

function refused(ask: Ask, path: string, line: number, why: string): Problem {
  return {
    ...told(ask, ['spec', 'path'], {
      code: 'not-a-manifest',
      class: 'unreadable',
      message: `${path} is no Kubernetes object (${why}), and Flux builds ${ask.title} of objects only.`,
      remedy: 'Move it out of the folder, or give the folder a kustomization.yaml that leaves it out.',
      hides: { namespaces: [], under: [path] },
    }),
    path,
    line,
  }
}
