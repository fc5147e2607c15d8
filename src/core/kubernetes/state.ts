// The objects of one cluster as one state: what the tree says, with what it leaves out told apart.
import type { ClusterConfig } from '../config.ts'
import { grouped } from '../source/grouped.ts'
import { groupsOf } from '../source/groups.ts'
import type { Groups } from '../source/groups.ts'
import { byPlace, compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import { get, labelsField, rootField, text } from './field.ts'
import type { Fault } from './field.ts'
import { chooseOne, groupKindOf, nameIn } from './identity.ts'
import { DATAPLANE_MODE, NAMESPACE_NAME_LABEL } from './labels.ts'
import type { Labels } from './labels.ts'
import { namespaceOf, unreadable } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import type { Origin } from './origin.ts'
import { EVIDENCE_KINDS, evidenceOf } from './cni-evidence.ts'
import { istioCniProblems, setsIstioCni } from './istio-cni-settings.ts'
import { networkOf } from './network.ts'
import type { Network } from './network.ts'
import { readAuthorizationPolicy } from './kinds/authorization-policy.ts'
import type { AuthorizationSpec } from './kinds/authorization-policy.ts'
import { classOf, gatewayClass, isForeignClass, readGatewayPods } from './kinds/gateway.ts'
import type { GatewayClass } from './kinds/gateway.ts'
import { K3S_CHART, isK3sChart, k3sChartProblem } from './kinds/k3s-chart.ts'
import { WRITER_KINDS, writtenAtRunTime, writesForUs } from './kinds/writers.ts'
import type { PolicySpec, Tier } from './kinds/policy.ts'
import { readService } from './kinds/service.ts'
import type { ServiceSpec } from './kinds/service.ts'
import { readServiceEntry } from './kinds/service-entry.ts'
import type { ServiceEntrySpec } from './kinds/service-entry.ts'
import { WORKLOAD_KINDS, readPodTemplate } from './kinds/workload.ts'
import type { PodTemplate } from './kinds/workload.ts'
import { POLICY_KIND_NAMES, policyManifests, tiersOf } from './policies.ts'
import { readOnce } from './read-once.ts'
import type { Reading } from './read-once.ts'
import { servicesByLabel } from './serving.ts'

export interface Namespace {
  readonly name: string
  /** With the name label that the API server adds. */
  readonly labels: Labels
  /** False where nothing in the tree or the configuration describes it: `labels` is then its name alone. */
  readonly known: boolean
  /** Known because it is asked about, and described by nobody: policies may select it by labels that are not told. */
  readonly supposed?: true
  /** null where it comes from the configuration or is not described. */
  readonly origin: Origin | null
}

/** An object that lives in a namespace; `id` is `Kind/namespace/name`. */
export interface Named {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly namespace: Namespace
  readonly origin: Origin
  /** As it is written. */
  readonly object: Readonly<Record<string, unknown>>
}

export interface Workload extends Named {
  readonly pods: PodTemplate
  /** Where Istio makes the pods from a Gateway. */
  readonly gateway: GatewayClass | null
  /** The Services that select its pods. */
  readonly services: readonly Service[]
  /** Every TCP port that the workload declares, serves or is probed on, sorted. */
  readonly declaredPorts: readonly number[]
}

export interface Service extends Named {
  readonly spec: ServiceSpec
}

/** Leads out of the cluster; one that selects pods is a Service of theirs. */
export interface ServiceEntry extends Named {
  readonly spec: ServiceEntrySpec
}

/** A policy of any kind; one of the whole cluster is in the namespace `''`. */
export interface NetworkPolicy extends Named {
  readonly spec: PolicySpec
}

export interface AuthorizationPolicy extends Named {
  readonly spec: AuthorizationSpec
}

export interface ClusterState {
  readonly config: ClusterConfig
  readonly network: Network
  readonly namespaces: ReadonlyMap<string, Namespace>
  readonly workloads: readonly Workload[]
  readonly policies: readonly NetworkPolicy[]
  /** NetworkPolicies of Kubernetes by namespace, as they are written: also those that nobody can read, or has twice. */
  readonly plainPolicies: Groups<Manifest>
  /** Of Calico, by name: those that it makes itself, and those of the tree. */
  readonly tiers: ReadonlyMap<string, Tier>
  readonly serviceEntries: readonly ServiceEntry[]
  /** Istio's own policies; those that are invalid are left out. */
  readonly authorizations: readonly AuthorizationPolicy[]
  /** Namespaces and Services, for the labels that they carry themselves; a Namespace is `Namespace/name`. */
  readonly carriers: readonly Named[]
  /** Namespaces in which somebody runs a Gateway, of any class. */
  readonly gatewayNamespaces: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

/** Kinds that this module reads or reports; a document that names none of them is not judged. */
export const JUDGED_KINDS: readonly string[] = [
  ...new Set([
    'Namespace',
    'AuthorizationPolicy',
    'Service',
    'Gateway',
    'GatewayClass',
    'ServiceEntry',
    ...WORKLOAD_KINDS.map((kind) => kind.slice(kind.indexOf('/') + 1)),
    ...POLICY_KIND_NAMES,
    ...WRITER_KINDS,
    K3S_CHART,
  ]),
].sort(compareText)

/** Does this object itself bear on who reaches whom? */
export function isJudged(manifest: Manifest): boolean {
  const { kind } = manifest
  if (WRITER_KINDS.includes(kind)) return writesForUs(manifest)
  return kind === K3S_CHART ? isK3sChart(manifest) : JUDGED_KINDS.includes(kind)
}

/** Not judged itself: Calico selects pods by the labels of their service accounts. */
export const ACCOUNT_KIND = 'ServiceAccount'

/** Is it judged, does it say which CNI judges, how that of Istio is set up, or whom a policy selects? */
export function isRelevant(manifest: Manifest): boolean {
  if (manifest.kind === ACCOUNT_KIND) return true
  return (
    isJudged(manifest) ||
    (EVIDENCE_KINDS.includes(manifest.kind) && (evidenceOf(manifest) !== null || setsIstioCni(manifest)))
  )
}

/** Builds the state of one cluster. Manifests of an assumed baseline give way to those of the tree. */
export function buildState(config: ClusterConfig, manifests: readonly Manifest[]): ClusterState {
  const network = networkOf(config, manifests)
  const problems: Problem[] = [...istioCniProblems(config, network, manifests)]
  const chosen = chooseOne(manifests.filter(isJudged), config, problems)
  const namespaces = readNamespaces(chosen, config, problems)
  const home = (manifest: Manifest): Namespace => {
    const name = homeName(manifest, config)
    const unknown = { name, labels: { [NAMESPACE_NAME_LABEL]: name }, known: false, origin: null }
    return namespaces.get(name) ?? unknown
  }
  const namespace = (manifest: Manifest): Namespace => {
    const found = home(manifest)
    namespaces.set(found.name, found)
    return found
  }
  const byKind = grouped(chosen, groupKindOf)
  const of = (groupKind: string): readonly Manifest[] => byKind.get(groupKind) ?? []
  const read = <T>(
    manifest: Manifest,
    reader: (manifest: Manifest) => Reading<T>,
    place = namespace,
  ): Read<T> => {
    const reading = reader(manifest)
    const named = nameIt(manifest, place(manifest))
    report(manifest, named.namespace.name, reading.faults, problems)
    return { named, ...reading }
  }
  const services = of('v1/Service').map((manifest): Service => {
    const { named, value } = read(manifest, serviceOf)
    return { ...named, spec: value }
  })
  const entries = of('networking.istio.io/ServiceEntry').map((manifest) => read(manifest, entryOf))
  const selecting = entries.flatMap(({ named, value: { service } }): Service[] =>
    service === null ? [] : [{ ...named, spec: service }],
  )
  const servicesOf = servicesByLabel([...services, ...selecting].sort(byId))
  problems.push(...chosen.flatMap((manifest) => writtenAtRunTime(manifest, config) ?? []))
  problems.push(...chosen.filter(isK3sChart).map((manifest) => k3sChartProblem(manifest, config)))
  const policies = readPolicies(chosen, manifests, config, network, namespace, problems)
  const authorizations = of('security.istio.io/AuthorizationPolicy').flatMap((manifest) => {
    // A namespace that is known by such a policy alone is not one in which anything has to be judged.
    const policy = read(manifest, authorizationOf, home)
    return policy.faults.length > 0 ? [] : [{ ...policy.named, spec: policy.value }]
  })
  const workloads = WORKLOAD_KINDS.flatMap((groupKind) =>
    of(groupKind).map((manifest) => {
      const workload = read(manifest, podsOf)
      return asWorkload(workload.named, workload.value, null, servicesOf)
    }),
  )
  const gateways = of('gateway.networking.k8s.io/Gateway')
  const foreign = new Set(
    of('gateway.networking.k8s.io/GatewayClass')
      .filter(({ object }) => isForeignClass(rootField(object)))
      .map(nameIn),
  )
  const mayRunIstio = ({ object }: Manifest): boolean => !foreign.has(classOf(rootField(object)) ?? '')
  const gatewayPods = gateways.flatMap((manifest) => {
    const { named, value } = read(manifest, gatewayOf)
    return value.pods === null ? [] : [asWorkload(named, value.pods, value.kind, servicesOf)]
  })
  return {
    config,
    network,
    namespaces: new Map([...namespaces].sort(([a], [b]) => compareText(a, b))),
    workloads: [...workloads, ...gatewayPods].sort(byId),
    policies: [...policies].sort(byId),
    plainPolicies: groupsOf(manifests.filter(isPlainPolicy), (manifest) => homeName(manifest, config)),
    tiers: tiersOf(chosen, problems),
    serviceEntries: entries
      .flatMap(({ named, value }) => (value.service === null ? [{ ...named, spec: value }] : []))
      .sort(byId),
    authorizations: authorizations.sort(byId),
    carriers: [
      ...of('v1/Namespace').flatMap((manifest) => carrierOf(manifest, namespaces)),
      ...services,
    ].sort(byId),
    gatewayNamespaces: new Set(
      gateways.filter(mayRunIstio).map((manifest) => namespaceOf(manifest.object) ?? config.namespace),
    ),
    problems: problems.sort(byPlace),
  }
}

/**
 * The policies among some manifests, of which there is one of each identity; `all` are those of the whole cluster.
 * `homeOf` finds the namespace of an object. What is wrong with them is added to `problems`.
 */
export function readPolicies(
  chosen: readonly Manifest[],
  all: readonly Manifest[],
  config: ClusterConfig,
  network: Network,
  homeOf: (manifest: Manifest) => Namespace,
  problems: Problem[],
): readonly NetworkPolicy[] {
  return policyManifests(chosen, all, config, network, problems).flatMap(
    ({ manifest, wide, reading }): NetworkPolicy[] => {
      const named = nameIt(manifest, wide ? CLUSTER : homeOf(manifest))
      report(manifest, named.namespace.name, reading.faults, problems)
      return reading.faults.length > 0 ? [] : reading.value.map((spec) => ({ ...named, spec }))
    },
  )
}

const serviceOf = readOnce(readService)
const entryOf = readOnce(readServiceEntry)
const authorizationOf = readOnce(readAuthorizationPolicy)
const podsOf = readOnce((root, manifest) => readPodTemplate(root, groupKindOf(manifest)))
const gatewayOf = readOnce((root) => {
  const kind = gatewayClass(root)
  const pods =
    kind === null ? null : readGatewayPods(root, text(get(get(root, 'metadata'), 'name')) ?? '', kind)
  return { kind, pods }
})

/** A policy of Kubernetes itself, of whatever version. */
export function isPlainPolicy(manifest: Manifest): boolean {
  return manifest.kind === 'NetworkPolicy' && groupKindOf(manifest) === 'networking.k8s.io/NetworkPolicy'
}

/** The name of the namespace of an object that has one. */
export function homeName({ object }: Manifest, config: ClusterConfig): string {
  return namespaceOf(object) ?? config.namespace
}

/** Orders named objects by id: the order in which every list of them leaves this room. */
function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return compareText(a.id, b.id)
}

function readNamespaces(
  manifests: readonly Manifest[],
  config: ClusterConfig,
  problems: Problem[],
): Map<string, Namespace> {
  const namespaces = new Map<string, Namespace>()
  const assumed = config.assume.namespaces
  const put = (name: string, labels: Labels, origin: Origin | null): void => {
    // What the tree says wins over what is assumed; the API server's own label over both.
    const asked = config.enroll.includes(name) ? { [DATAPLANE_MODE]: 'ambient' } : {}
    const all = { ...(assumed[name]?.labels ?? {}), ...labels, ...asked, [NAMESPACE_NAME_LABEL]: name }
    namespaces.set(name, { name, labels: all, known: true, origin })
  }
  for (const manifest of manifests) {
    if (groupKindOf(manifest) !== 'v1/Namespace') continue
    const root = rootField(manifest.object)
    const labels = labelsField(get(get(root, 'metadata'), 'labels'))
    report(manifest, nameIn(manifest), root.faults, problems)
    put(nameIn(manifest), labels, manifest.origin)
  }
  for (const name of Object.keys(assumed)) if (!namespaces.has(name)) put(name, {}, null)
  for (const name of config.enroll) {
    if (namespaces.has(name)) continue
    put(name, {}, null)
    namespaces.set(name, { ...(namespaces.get(name) as Namespace), supposed: true })
  }
  return namespaces
}

interface Read<T> extends Reading<T> {
  readonly named: Named
}

function nameIt(manifest: Manifest, namespace: Namespace): Named {
  const { object, origin } = manifest
  const kind = kindOf(manifest)
  const name = nameIn(manifest)
  const id = namespace === CLUSTER ? `${kind}/${name}` : `${kind}/${namespace.name}/${name}`
  return { id, kind, name, namespace, origin, object }
}

/** Two kinds are called NetworkPolicy: that of Calico goes by its group as well, as kubectl has it. */
function kindOf({ apiVersion, kind }: Manifest): string {
  return kind === 'NetworkPolicy' && /^(crd\.)?projectcalico\.org\//.test(apiVersion)
    ? 'NetworkPolicy.projectcalico.org'
    : kind
}

/** Where an object lives that belongs to no namespace. */
const CLUSTER: Namespace = { name: '', labels: {}, known: true, origin: null }

function carrierOf(manifest: Manifest, namespaces: ReadonlyMap<string, Namespace>): readonly Named[] {
  const namespace = namespaces.get(nameIn(manifest))
  if (namespace === undefined) return []
  const { kind, object, origin } = manifest
  return [{ id: `${kind}/${namespace.name}`, kind, name: namespace.name, namespace, origin, object }]
}

function report(manifest: Manifest, namespace: string, faults: readonly Fault[], problems: Problem[]): void {
  if (faults.length === 0) return
  const { kind, origin } = manifest
  const ofNone = kind === 'Namespace' || namespace === ''
  const what = ofNone ? `${kind} ${nameIn(manifest)}` : `${kind} ${namespace}/${nameIn(manifest)}`
  const remedy = POLICY_KIND_NAMES.includes(kind)
    ? 'Until it is mended, the policy counts as unknown, not as allowing anything.'
    : 'Correct it, so that the object can be judged.'
  for (const { route, message } of faults) {
    problems.push(
      unreadable(origin, route, namespace === '' ? 'all' : namespace, {
        code: `invalid-${kebab(kind)}`,
        message: `${what}: ${message}.`,
        remedy,
      }),
    )
  }
}

function kebab(kind: string): string {
  return kind.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
}

function asWorkload(
  named: Named,
  pods: PodTemplate,
  gateway: GatewayClass | null,
  servicesOf: (namespace: string, labels: Labels) => readonly Service[],
): Workload {
  const declared = new Set([
    ...pods.ports.flatMap(({ protocol, port }) => (protocol === 'TCP' ? port : [])),
    ...pods.probes.map(({ port }) => port),
  ])
  const services = servicesOf(named.namespace.name, pods.labels)
  for (const { spec } of services) {
    for (const { protocol, port } of spec.targets) {
      if (protocol !== 'TCP') continue
      const numbers =
        typeof port === 'number'
          ? [port]
          : pods.ports.flatMap((entry) => (entry.name === port ? entry.port : []))
      for (const number of numbers) declared.add(number)
    }
  }
  return { ...named, pods, gateway, services, declaredPorts: [...declared].sort((a, b) => a - b) }
}
