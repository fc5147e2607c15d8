// A source that is being rendered, with what it is read in the light of.
import { get, rootField, text } from '../../../core/kubernetes/field.ts'
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

/** Argo CD reads it as Go does (strconv.ParseBool): docs/user-guide/skip_reconcile.md. */
const SKIP = 'argocd.argoproj.io/skip-reconcile'

/** What such an Application applied stays, and what changes of it in Git is not applied. */
export function paused(app: App, folder: string): readonly Problem[] {
  const { object, origin } = app.manifest
  const value = text(get(get(get(rootField(object), 'metadata'), 'annotations'), SKIP))
  if (!/^(?:1|[tT]|true|TRUE|True)$/.test(value ?? '')) return []
  return [
    told(app, ['metadata', 'annotations', SKIP], {
      code: 'suspended',
      class: 'unseen',
      message: `${app.title} is not reconciled (${SKIP}): what it applied stays, and what changes of it is not applied.`,
      remedy: 'Take the annotation away to have changes applied, or judge them once it is.',
      hides: { namespaces: [], under: [folder, origin.file.path] },
    }),
  ]
}
