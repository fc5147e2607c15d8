// Documents that a change broke so that they do not even say what they are. A broken document of no kind that we know is
// nothing to us as long as it was never more; where an object of the base stood in its file and is nowhere now, it may
// be in there, and nobody took it away.
import { nameIn } from '../core/kubernetes/identity.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { differing } from '../core/source/differing.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareText } from '../core/source/problem.ts'
import type { Hides, Problem } from '../core/source/problem.ts'
import { lineAt } from '../core/source/text.ts'
import { readDocument, splitDocuments } from '../core/yaml/index.ts'
import { identityOf } from '../manifests/environments.ts'
import { mayMatter } from '../manifests/may-matter.ts'
import type { ClusterState } from './touched.ts'

/**
 * A problem for each document of the head that cannot be read or names no kind, and was not told, in files of which judged objects of the
 * base are gone from their cluster. What renders such a file says so itself. Both states have the same clusters.
 */
export async function vanishedIn(
  base: readonly ClusterState[],
  head: readonly ClusterState[],
): Promise<readonly Problem[]> {
  const pairs = head.map((state, index) => [base[index] as ClusterState, state] as const)
  return (await Promise.all(pairs.map(([before, after]) => vanishedFrom(before, after)))).flat()
}

async function vanishedFrom(base: ClusterState, head: ClusterState): Promise<readonly Problem[]> {
  const [gone, come] = differing(base.loaded.manifests, head.loaded.manifests)
  const news = new Set(come.map(identityOf))
  const candidates = gone.filter(
    (manifest) => isJudged(manifest) && manifest.origin.making === null && !news.has(identityOf(manifest)),
  )
  if (candidates.length === 0) return []
  const left = new Set(head.loaded.manifests.map(identityOf))
  const byPath = grouped(
    candidates.filter((manifest) => !left.has(identityOf(manifest))),
    ({ origin }) => origin.file.path,
  )
  const told = await Promise.all(
    [...byPath].map(async ([path, objects]) => {
      const file = await head.gathered.text(path)
      return file === null ? [] : unreadable(path, file.text, objects)
    }),
  )
  return told.flat()
}

const MANY = 3

function unreadable(path: string, text: string, objects: readonly Manifest[]): readonly Problem[] {
  const names = objects.map((manifest) => `${manifest.kind} ${nameIn(manifest)}`).sort(compareText)
  const others = names.length > MANY ? `, and ${String(names.length - MANY)} more` : ''
  const held = `${names.slice(0, MANY).join(', ')}${others}`
  const namespaces = objects.flatMap((manifest) =>
    manifest.kind === 'Namespace' ? nameIn(manifest) : (namespaceOf(manifest.object) ?? []),
  )
  const hides: Hides = { namespaces: namespaces.length === objects.length ? [...new Set(namespaces)] : 'all' }
  return splitDocuments(text).flatMap((document): readonly Problem[] => {
    const read = readDocument(text, document)
    if (read.ok) {
      if (!lacksKind(read.value)) return []
      const message = `This document names no kind, so Kubernetes refuses it. What this file held before may be in it: ${held}.`
      const remedy = 'Name its kind, or remove the document.'
      return [{ path, line: document.line, code: 'no-kind', class: 'unreadable', message, remedy, hides }]
    }
    // One that names a kind is told by whoever reads it.
    if (mayMatter(text.slice(document.start, document.end))) return []
    return [
      {
        path,
        line: lineAt(text, read.offset, document),
        code: 'unreadable-yaml',
        class: 'unreadable',
        message: `This document is not readable YAML: ${read.message}. What this file held before may be in it: ${held}.`,
        remedy: 'Correct the YAML; the other documents were judged without it.',
        hides,
      },
    ]
  })
}

/** An object that says what it is called, or of which version it is, and not what: the API server takes none such. */
function lacksKind(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { apiVersion, kind, metadata } = value as Readonly<Record<string, unknown>>
  return (typeof kind !== 'string' || kind === '') && (apiVersion !== undefined || metadata !== undefined)
}
