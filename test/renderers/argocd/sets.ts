// ApplicationSets for tests, and the folders that they find.
import { HERE, render } from './argo.ts'
import type { Files, Rendered } from './argo.ts'

export const POD = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n'
export const APPS = {
  'apps/front/a.yaml': POD,
  'apps/back/a.yaml': POD,
  'apps/back/deep/b.yaml': POD,
  'apps/.hidden/c.yaml': POD,
  'other/d.yaml': POD,
}

/** What an ApplicationSet is made of; the names are templates. */
export interface Set {
  readonly generators: string
  readonly go?: boolean
  readonly name?: string
  readonly path?: string
  readonly namespace?: string
  readonly spec?: string
}

export const setOf = ({ generators, go = false, spec = '', ...names }: Set): string => {
  const { name, path, namespace } = {
    ...(go
      ? { name: '{{.path.basename}}', path: '{{.path.path}}', namespace: '{{.path.basename}}' }
      : { name: '{{path.basename}}', path: '{{path}}', namespace: '{{path.basename}}' }),
    ...names,
  }
  return `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: all
  namespace: argocd
spec:
  goTemplate: ${String(go)}
  generators:
${generators}
  template:
    metadata:
      name: '${name}'
      labels: {ignored: '{{ if .x }}'}
    spec:
      project: default
      source:
        repoURL: ${HERE}
        path: '${path}'
      destination:
        server: https://kubernetes.default.svc
        namespace: '${namespace}'
${spec}`
}

/** What comes of it beside these files. */
export const made = (set: Set, files: Files = APPS): Promise<Rendered> =>
  render({ 'argocd/app.yaml': setOf(set), ...files })
