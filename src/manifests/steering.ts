// What is said of a unit from outside of its files: patches, variables and values of whoever asks for it. Where
// something in those files cannot be seen, other words of that kind may do anything to it.
import { createHash } from 'node:crypto'
import { absent, get, items, rootField, text } from '../core/kubernetes/field.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { FluxUnit, HelmUnit, Kitchen, Unit } from './unit.ts'

/** Of an object of a controller: when it is looked at, and what it says for people. */
const STEERS_NOTHING = [
  'ignoreDifferences',
  'info',
  'interval',
  'project',
  'retryInterval',
  'revisionHistoryLimit',
  // The namespaces that it makes are objects of their own.
  'syncPolicy',
  'timeout',
]

/**
 * A hash that is equal where the same is said of a unit. The files that the unit names are not part of it, but for value
 * files, which say as much as values do. Who asks does not count, nor where that is written: what comes out of patches,
 * ConfigMaps and generators does, and of which revision a source elsewhere is.
 */
export function steeringOf(unit: Unit, at: Pick<Kitchen, 'tree' | 'find'>): string {
  return createHash('sha256')
    .update(JSON.stringify([unit.kind, unit.namespace, ...wordsOf(unit, at)]))
    .digest('hex')
}

/** What is asked of a release, but for its namespace and for what stands in value files. */
export function releaseWords(unit: HelmUnit): readonly unknown[] {
  return [
    unit.release,
    unit.chart,
    unit.values.map(({ value }) => value),
    unit.sets,
    unit.apiVersions,
    unit.kubeVersion,
    unit.skipCrds,
    unit.ignoresOwnValues ?? false,
  ]
}

function wordsOf(unit: Unit, { tree, find }: Pick<Kitchen, 'tree' | 'find'>): readonly unknown[] {
  switch (unit.kind) {
    case 'plain':
      return []
    case 'kustomize':
      return [unit.folder, unit.additions, unit.substitutions === null ? null : [...unit.substitutions]]
    case 'helm':
      return [...releaseWords(unit), unit.valueFiles.map((path) => [path, tree.file(path)?.id ?? null])]
    case 'argocd':
      return [specOf(unit.manifest.object)]
    case 'flux':
      return [specOf(unit.manifest.object), sourceOf(unit, find)]
  }
}

/** What the source of a Kustomization or HelmRelease says, and what that takes in: both stand in objects of their own. */
function sourceOf({ manifest: { object }, namespace }: FluxUnit, find: Kitchen['find']): unknown {
  const spec = get(rootField(object), 'spec')
  const ref = get(object['kind'] === 'HelmRelease' ? get(get(spec, 'chart'), 'spec') : spec, 'sourceRef')
  const [kind, name] = [text(get(ref, 'kind')), text(get(ref, 'name'))]
  if (kind === undefined || name === undefined) return null
  const home = text(get(ref, 'namespace')) ?? namespaceOf(object) ?? namespace ?? 'default'
  const source = find(`source.toolkit.fluxcd.io/${kind}`, home, name)?.object ?? {}
  const included = items(get(get(rootField(source), 'spec'), 'include')).map((one) => {
    const other = text(get(get(one, 'repository'), 'name')) ?? ''
    return specOf(find('source.toolkit.fluxcd.io/GitRepository', home, other)?.object ?? {})
  })
  return [specOf(source), included]
}

/** Does it take values or variables from objects that are not all seen, as Secrets are? */
export function asksForValues({ manifest: { object } }: FluxUnit): boolean {
  const spec = get(rootField(object), 'spec')
  return [get(spec, 'valuesFrom'), get(get(spec, 'postBuild'), 'substituteFrom')].some(
    (field) => !absent(field),
  )
}

function specOf({ spec }: Readonly<Record<string, unknown>>): unknown {
  return typeof spec === 'object' && spec !== null && !Array.isArray(spec)
    ? Object.entries(spec).filter(([key]) => !STEERS_NOTHING.includes(key))
    : spec
}
