// Three ways to give a policy what it lacks: in the text that gave it the list, through a patch in the kustomization
// that renders it, or in a policy of its own beside it. Each way says whether it has a place for that. The fourth,
// `cilium`, gives the policy nothing: see clusterwide-probes.ts.
import { namespaceOf } from '../kubernetes/manifest.ts'
import type { Host, Layer, Making } from '../kubernetes/origin.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { ClusterState, NetworkPolicy } from '../kubernetes/state.ts'
import type { Append, Change, Companion, Overlay } from './change.ts'
import { companionName, nameApart } from './companion-name.ts'
import { dialectOf } from './dialect.ts'
import { guardsOf } from './guards.ts'
import type { Addition } from './need.ts'
import { textOf } from './text-of.ts'

export type Strategy = 'edit' | 'patch' | 'companion' | 'cilium'

/** In the order in which they are tried: what changes least comes first. */
export const STRATEGIES: readonly Strategy[] = ['edit', 'patch', 'companion', 'cilium']

/** How a strategy adds this; null where it has no place for it. */
export function changeFor(strategy: Strategy, state: ClusterState, addition: Addition): Change | null {
  switch (strategy) {
    case 'edit':
      return addition.apart === null ? inText(addition) : atTheEnd(state, addition)
    case 'patch':
      return throughPatch(state, addition)
    case 'companion':
      return beside(state, addition)
    case 'cilium':
      return null
  }
}

/** Has a strategy a place for a further rule of this direction? */
export function hasPlace(
  strategy: Strategy,
  state: ClusterState,
  policy: NetworkPolicy,
  direction: Direction,
): boolean {
  switch (strategy) {
    case 'edit': {
      const list = dialectOf(policy)?.listOf(policy, direction, null)
      return list !== undefined && textOf(policy.origin, list)?.layer.editable === true
    }
    case 'patch':
      return dialectOf(policy) !== null && targetOf(state, policy) !== null
    case 'companion':
      return hostOf(policy) !== null
    case 'cilium':
      return false
  }
}

function inText({ policy, patch }: Addition): Append | null {
  const found = textOf(policy.origin, patch.route)
  if (found?.layer.editable !== true) return null
  const { file, document } = found.layer
  return { kind: 'append', file, document, patch: { ...patch, route: found.route } }
}

/** After the last document of the file that holds the policy. */
function atTheEnd(state: ClusterState, addition: Addition): Companion | null {
  const { policy, patch } = addition
  const layer = policy.origin.making === null ? textOf(policy.origin, patch.route)?.layer : undefined
  if (layer?.editable !== true || !/\.ya?ml$/i.test(layer.file.path)) return null
  const { file, document } = layer
  // To end the last line may add to a text that another document ends with (YAML 1.2.2, section 8.1.1.2).
  if (!file.text.endsWith('\n') && document.end < file.text.length) return null
  const place = { path: file.path, end: file, host: null }
  return ofItsOwn(state, addition, NOWHERE, () => place)
}

/** No folder, and no names of files that would be taken. */
const NOWHERE = { folder: '', names: new Set<string>() }

function throughPatch(state: ClusterState, { policy, apart, patch }: Addition): Overlay | null {
  const target = apart === null ? targetOf(state, policy) : null
  const { making } = policy.origin
  const host = making?.host?.file ?? null
  if (target === null || making === null || host === null) return null
  const guards = guardsOf(policy.origin, patch, host)
  return { kind: 'overlay', host, target, object: making.object, guards, patch }
}

/**
 * What the patches of a kustomization select a policy by. They compare names and namespaces as they were read and as
 * they are by then, as regular expressions that have to match in full (kustomize, api/types/selector.go and
 * api/resmap/reswrangler.go, Select).
 */
function targetOf(state: ClusterState, policy: NetworkPolicy): Overlay['target'] | null {
  const { making } = policy.origin
  if (making === null || !making.patchable || !NAME.test(making.sourceName)) return null
  const { host, sourceName } = making
  if (host?.kind !== 'kustomization' || host.file === null) return null
  const { path } = host.file
  const twins = state.policies.some(
    ({ id, origin }) =>
      id !== policy.id && origin.making?.host?.file?.path === path && origin.making.sourceName === sourceName,
  )
  // Another one of this name may come: where the source says its namespace, it is told apart from that, too.
  const namespace = sourceNamespace(making.layers) ?? (twins ? policy.namespace.name : null)
  return {
    group: groupOf(policy),
    kind: policy.kind,
    name: sourceName.replaceAll('.', '\\.'),
    ...(namespace === null ? {} : { namespace }),
  }
}

function groupOf({ object: { apiVersion } }: NetworkPolicy): string {
  return typeof apiVersion === 'string' ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

function sourceNamespace(layers: readonly Layer[]): string | null {
  const source = layers.findLast(({ mount }) => mount?.length === 0)?.value
  return typeof source === 'object' && source !== null
    ? namespaceOf(source as Readonly<Record<string, unknown>>)
    : null
}

/** A DNS subdomain: what a policy may be called (kubernetes/apimachinery, IsDNS1123Subdomain). */
const NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/** Where a policy beside a rendered one goes; null where there is no place for it. */
export function hostOf({ origin: { making } }: NetworkPolicy): Making['host'] {
  if (making === null || !NAME.test(making.sourceName)) return null
  // A kustomization without a file of its own cannot be told of a further one.
  return making.host?.kind === 'kustomization' && making.host.file === null ? null : making.host
}

/** Its pods are isolated in its direction already: it can only open. */
function beside(state: ClusterState, addition: Addition): Companion | null {
  const host = hostOf(addition.policy)
  // What is not added to a list cannot stand elsewhere.
  if (host === null || addition.patch.op !== 'append') return null
  return ofItsOwn(state, addition, host, (name) => placeIn(host, name))
}

function ofItsOwn(
  state: ClusterState,
  { policy, apart, rule, use, opening: { direction } }: Addition,
  taken: Pick<Host, 'folder' | 'names'>,
  place: (name: string) => Pick<Companion, 'path' | 'end' | 'host'>,
): Companion | null {
  const skeleton = dialectOf(policy)?.skeleton(policy, direction, apart?.peer.pods ?? null)
  if (skeleton === undefined) return null
  const name =
    apart === null
      ? companionName(state, policy, taken, use, direction)
      : nameApart(state, policy, taken, apart.workload.name, direction)
  return {
    kind: 'companion',
    name,
    ...place(name),
    namespace: policy.namespace.name,
    skeleton,
    direction,
    rule,
  }
}

/** Of a new policy, in a file of its name. */
export function placeIn(host: Host, name: string): Pick<Companion, 'name' | 'path' | 'end' | 'host'> {
  const file = `${name}.yaml`
  return {
    name,
    path: host.folder === '.' ? file : `${host.folder}/${file}`,
    end: null,
    host: host.kind === 'kustomization' ? host.file : null,
  }
}
