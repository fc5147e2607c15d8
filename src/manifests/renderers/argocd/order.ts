// A source that is being rendered, with what it is read in the light of.
import type { Problem } from '../../../core/source/problem.ts'
import type { ArgoUnit, Kitchen } from '../../unit.ts'
import { told } from './object.ts'
import type { App } from './object.ts'
import type { Source } from './source.ts'

export interface Order {
  readonly app: App
  readonly source: Source
  readonly sources: readonly Source[]
  readonly unit: ArgoUnit
  readonly kitchen: Kitchen
}

/** What an Application hides, and everything below a path of the tree with it. */
export function hiding({ hides }: App, path: string): Problem['hides'] {
  const { namespaces, under = [] } = hides
  return { namespaces, under: [...under, path] }
}

/** What is applied is the state of a tag or a commit; this tree is judged in its place. */
export function pinned(app: App, source: Source, path: string): Problem {
  return told(app, [...source.field.route, 'targetRevision'], {
    code: 'revision-pinned',
    class: 'unseen',
    message: `${app.title} takes ${path} as it is at ${source.revision ?? ''}: a change of it here is judged, and applied only once that revision moves.`,
    remedy: 'Follow a branch, or read the result as that of the next revision.',
    hides: { namespaces: [], under: [path] },
  })
}
