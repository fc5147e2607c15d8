// What a plan changes, in symbols: what is added to which object, and through which text. `realise` writes it.
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { SourceFile } from '../source/text.ts'
import type { DocumentRange, YamlPatch } from '../yaml/types.ts'
import type { Skeleton } from './dialect.ts'
import type { Guard } from './guards.ts'

export type Change = Append | Overlay | Companion

/** An item or a value in a text that gave the object what holds it. */
export interface Append {
  readonly kind: 'append'
  readonly file: SourceFile
  readonly document: DocumentRange
  /** The route begins at the top of the document. */
  readonly patch: YamlPatch
}

/** The same in an object that a kustomization renders, through a patch that stands in it. */
export interface Overlay {
  readonly kind: 'overlay'
  readonly host: SourceFile
  /** As the kustomization selects the object. */
  readonly target: Readonly<Record<string, string>>
  readonly object: Readonly<Record<string, unknown>>
  /** What has to stand in the object for the patch to mean what it is meant to. */
  readonly guards: readonly Guard[]
  /** The route begins at the top of the object. */
  readonly patch: YamlPatch
}

/** A rule in a policy of its own: beside one that is generated, or for other pods. */
export interface Companion {
  readonly kind: 'companion'
  /** Of its file. */
  readonly path: string
  /** The file, where it is there and the policy is put at its end; null where it is made. */
  readonly end: SourceFile | null
  /** The kustomization that has to name the file; null where its folder is read as it is. */
  readonly host: SourceFile | null
  readonly name: string
  /** Empty for one of the whole cluster. */
  readonly namespace: string
  /** As the policy that it helps has it. */
  readonly skeleton: Skeleton
  readonly direction: Direction
  readonly rule: unknown
}

/** Equal changes have equal keys. */
export function changeKey(change: Change): string {
  switch (change.kind) {
    case 'append':
      return JSON.stringify([change.file.path, change.document.index, change.patch])
    case 'overlay':
      return JSON.stringify([change.host.path, change.target, change.patch])
    case 'companion':
      return JSON.stringify([change.path, change.host?.path, skeletonKey(change), change.rule])
  }
}

/** Equal for companions whose rules may stand in one list. */
export function skeletonKey({ name, namespace, skeleton, direction }: Companion): string {
  return JSON.stringify([name, namespace, skeleton, direction])
}

/** Equal for companions that may stand in one object. */
export function objectKey({ name, namespace, skeleton: { apiVersion, kind } }: Companion): string {
  return JSON.stringify([name, namespace, apiVersion, kind])
}

/** The documents that a change writes to, as keys: changes that share one are no strangers to each other. */
export function documentsOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'append':
      return [documentKey(change.file, change.document)]
    case 'overlay':
      return [documentKey(change.host, { index: 0 })]
    case 'companion':
      return [
        documentKey({ path: change.path }, { index: 0 }),
        ...(change.host === null ? [] : [documentKey(change.host, { index: 0 })]),
      ]
  }
}

export function documentKey(
  { path }: Pick<SourceFile, 'path'>,
  { index }: Pick<DocumentRange, 'index'>,
): string {
  return JSON.stringify([path, index])
}
