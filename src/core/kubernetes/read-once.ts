// A manifest does not change, so what it says is read once: the states of a base and a head share the manifests of
// every file that is the same in both, and each proof of a fix builds the head's state again.
import { rootField } from './field.ts'
import type { Fault, Field } from './field.ts'
import type { Manifest } from './manifest.ts'
import { onceEach } from '../source/once-each.ts'

/** What a reader makes of an object, and what is wrong with it. */
export interface Reading<T> {
  readonly value: T
  readonly faults: readonly Fault[]
}

/** The reader, with a memory that lasts as long as the manifest does. It must depend on nothing but the manifest. */
export function readOnce<T>(
  reader: (root: Field, manifest: Manifest) => T,
): (manifest: Manifest) => Reading<T> {
  return onceEach((manifest) => {
    const root = rootField(manifest.object)
    return { value: reader(root, manifest), faults: root.faults }
  })
}
