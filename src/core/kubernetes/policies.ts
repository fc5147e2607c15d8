// The network policies of a cluster, of every kind that its CNI enforces, each read into one shape. What is enforced
// by nobody there, or by nobody knows whom, is told and never taken for allowed.
import type { ClusterConfig } from '../config.ts'
import { byPlace, compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import { CALICO_GROUPS, calicoSurroundings } from './calico-surroundings.ts'
import { ciliumSettings } from './cilium-settings.ts'
import { rootField } from './field.ts'
import type { Field } from './field.ts'
import { groupKindOf, nameIn } from './identity.ts'
import { namespaceOf, unreadable } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { ignoresPolicies } from './network.ts'
import type { Network } from './network.ts'
import { placeOf } from './origin.ts'
import { readAdminPolicy } from './kinds/admin-policy.ts'
import {
  BUILT_IN_TIERS,
  STAGED_KINDS,
  NO_CALICO_SURROUNDINGS,
  readCalicoPolicy,
  readTier,
} from './kinds/calico-policy.ts'
import type { CalicoSurroundings } from './kinds/calico-policy.ts'
import { CIDR_GROUP_VERSIONS, readCidrGroup } from './kinds/cilium-cidr-group.ts'
import type { CidrGroup } from './kinds/cilium-cidr-group.ts'
import { leftOutBy } from './kinds/cilium-identities.ts'
import type { LeavesOut } from './kinds/cilium-identities.ts'
import { quirksOf, readCiliumPolicies } from './kinds/cilium-policy.ts'
import { NO_SURROUNDINGS } from './kinds/cilium-rule.ts'
import type { CiliumSurroundings } from './kinds/cilium-rule.ts'
import { readNetworkPolicy } from './kinds/network-policy.ts'
import type { PolicySpec, Tier } from './kinds/policy.ts'
import { readOnce } from './read-once.ts'
import type { Reading } from './read-once.ts'

/** What policies of a cluster mean beside what they say. */
interface Surroundings extends CiliumSurroundings, CalicoSurroundings {
  /** Is it Cilium that enforces the policies of Kubernetes, too? */
  readonly onCilium: boolean
}

/** As most clusters are: what a policy says then depends on nothing but its manifest. */
const USUAL: Surroundings = { ...NO_SURROUNDINGS, ...NO_CALICO_SURROUNDINGS, onCilium: false }

/** How a kind is read, and whether its objects belong to the whole cluster. */
interface PolicyKind {
  readonly wide: boolean
  readonly versions: readonly string[]
  /** What of its surroundings it depends on. */
  readonly asks: readonly (keyof Surroundings)[]
  readonly read: (root: Field, around: Surroundings) => readonly PolicySpec[]
}

const CALICO: Readonly<Record<string, PolicyKind>> = {
  NetworkPolicy: {
    wide: false,
    versions: ['v3', 'v1'],
    asks: ['sets', 'accounts', 'services', 'families'],
    read: (root, around) => [readCalicoPolicy(root, 'namespace', around)],
  },
  GlobalNetworkPolicy: {
    wide: true,
    versions: ['v3', 'v1'],
    asks: ['sets', 'accounts', 'services', 'families'],
    read: (root, around) => [readCalicoPolicy(root, 'cluster', around)],
  },
}

const admin = (kind: string, version: string): PolicyKind => ({
  wide: true,
  versions: [version],
  asks: [],
  read: (root) => [readAdminPolicy(root, kind)],
})

const POLICY_KINDS: Readonly<Record<string, PolicyKind>> = {
  'networking.k8s.io/NetworkPolicy': {
    wide: false,
    versions: ['v1'],
    asks: ['identities', 'onCilium'],
    read: (root, { identities, onCilium }) => [readNetworkPolicy(root, onCilium ? identities : null)],
  },
  'cilium.io/CiliumNetworkPolicy': {
    wide: false,
    versions: ['v2'],
    asks: ['groups', 'hbonePort', 'identities'],
    read: (root, around) => readCiliumPolicies(root, 'namespace', around),
  },
  'cilium.io/CiliumClusterwideNetworkPolicy': {
    wide: true,
    versions: ['v2'],
    asks: ['groups', 'hbonePort', 'identities'],
    read: (root, around) => readCiliumPolicies(root, 'cluster', around),
  },
  'policy.networking.k8s.io/AdminNetworkPolicy': admin('AdminNetworkPolicy', 'v1alpha1'),
  'policy.networking.k8s.io/BaselineAdminNetworkPolicy': admin('BaselineAdminNetworkPolicy', 'v1alpha1'),
  'policy.networking.k8s.io/ClusterNetworkPolicy': admin('ClusterNetworkPolicy', 'v1alpha2'),
  ...Object.fromEntries(
    CALICO_GROUPS.flatMap((group) =>
      Object.entries(CALICO).map(([kind, how]) => [`${group}/${kind}`, how] as const),
    ),
  ),
}

/**
 * Policies of engines that nothing here evaluates. The PolicyEndpoints of AWS are made of them, by a controller, and say
 * nothing of their own.
 */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'networking.k8s.aws': ['ApplicationNetworkPolicy', 'ClusterNetworkPolicy'],
  'networking.gke.io': ['FQDNNetworkPolicy'],
  'crd.antrea.io': ['NetworkPolicy', 'ClusterNetworkPolicy', 'ClusterGroup', 'Group', 'Tier'],
}

/** The kinds of policies, read or only told of. */
export const POLICY_KIND_NAMES: readonly string[] = [
  ...new Set([
    ...Object.keys(POLICY_KINDS).map((kind) => kind.slice(kind.indexOf('/') + 1)),
    ...Object.values(OTHERS).flat(),
    ...STAGED_KINDS,
    'Tier',
    'NetworkSet',
    'GlobalNetworkSet',
    'CiliumCIDRGroup',
  ]),
].sort(compareText)

/** A policy object that its cluster enforces. */
export interface PolicyManifest {
  readonly manifest: Manifest
  readonly wide: boolean
  readonly reading: Reading<readonly PolicySpec[]>
}

/** Reads the policies among some manifests, of all that there are; each that is not evaluated becomes a problem. */
export function policyManifests(
  manifests: readonly Manifest[],
  all: readonly Manifest[],
  config: ClusterConfig,
  network: Network,
  problems: Problem[],
): readonly PolicyManifest[] {
  const onCilium = isEnforced(network, CILIUM)
  const around: Surroundings = {
    ...calicoSurroundings(manifests, all, config, network),
    groups: onCilium ? cidrGroups(manifests, problems) : [],
    hbonePort: config.mesh.hbonePort,
    identities: onCilium ? identityLabels(all) : USUAL.identities,
    onCilium,
  }
  return manifests.flatMap((manifest): PolicyManifest[] => {
    const groupKind = groupKindOf(manifest)
    const group = groupKind.slice(0, groupKind.indexOf('/'))
    const kind = Object.hasOwn(POLICY_KINDS, groupKind) ? POLICY_KINDS[groupKind] : undefined
    if (CALICO_GROUPS.includes(group) && STAGED_KINDS.includes(manifest.kind)) problems.push(staged(manifest))
    if (kind !== undefined && isVersion(manifest) && isEnforced(network, group)) {
      problems.push(...quirks(manifest, group, config))
      return [{ manifest, wide: kind.wide, reading: readWith(manifest, kind, around) }]
    }
    if (
      kind === undefined &&
      (!Object.hasOwn(OTHERS, group) || OTHERS[group]?.includes(manifest.kind) !== true)
    ) {
      if (manifest.kind === 'NetworkPolicy') problems.push(unknownVersion(manifest, config))
      return []
    }
    problems.push(
      isVersion(manifest) ? notEvaluated(manifest, config, network, group) : unknownVersion(manifest, config),
    )
    return []
  })
}

/** Read once where the surroundings say nothing of their own. */
function readWith(
  manifest: Manifest,
  { asks, read }: PolicyKind,
  around: Surroundings,
): Reading<readonly PolicySpec[]> {
  const unusual = asks.filter((key) => !isUsual(around, key))
  if (unusual.length === 0) return readUsually(manifest)
  if (unusual.every((key) => key === 'onCilium')) return readOnCilium(manifest)
  const root = rootField(manifest.object)
  return { value: read(root, around), faults: root.faults }
}

const readUsually = readOnce((root, manifest) => POLICY_KINDS[groupKindOf(manifest)]?.read(root, USUAL) ?? [])

const ON_CILIUM: Surroundings = { ...USUAL, onCilium: true }

const readOnCilium = readOnce(
  (root, manifest) => POLICY_KINDS[groupKindOf(manifest)]?.read(root, ON_CILIUM) ?? [],
)

function isUsual(around: Surroundings, key: keyof Surroundings): boolean {
  if (key === 'hbonePort' || key === 'identities' || key === 'onCilium') return around[key] === USUAL[key]
  return key === 'families' ? around.families.join() === USUAL.families.join() : around[key].length === 0
}

const CILIUM = 'cilium.io'

/** Which labels make identities: the agent's flag `labels`, and the value of the chart that becomes it. */
function identityLabels(manifests: readonly Manifest[]): LeavesOut {
  const settings = manifests.flatMap((one) => ciliumSettings(one, { key: 'labels', value: 'labels' }))
  return leftOutBy(settings.map(({ value }) => value))
}

/** What is invalid, or of no version that exists, is no group that anybody knows. */
function cidrGroups(manifests: readonly Manifest[], problems: Problem[]): readonly CidrGroup[] {
  return manifests.flatMap((manifest): CidrGroup[] => {
    const [group = '', version = ''] = manifest.apiVersion.split('/')
    if (group !== CILIUM || manifest.kind !== 'CiliumCIDRGroup') return []
    if (!CIDR_GROUP_VERSIONS.includes(version)) return []
    const { value, faults } = groupOf(manifest)
    problems.push(
      ...faults.map(({ route, message }) =>
        unreadable(manifest.origin, route, 'all', {
          code: 'invalid-cilium-cidr-group',
          message: `CiliumCIDRGroup ${nameIn(manifest)}: ${message}.`,
          remedy: 'Until it is mended, whom it means counts as unknown.',
        }),
      ),
    )
    return faults.length > 0 ? [] : [value]
  })
}

const groupOf = readOnce(readCidrGroup)

/** The tiers of Calico: those that it makes itself, and those of some manifests. */
export function tiersOf(manifests: readonly Manifest[], problems: Problem[]): ReadonlyMap<string, Tier> {
  const tiers = new Map(Object.entries(BUILT_IN_TIERS))
  for (const manifest of manifests) {
    const [group = ''] = manifest.apiVersion.split('/')
    if (!CALICO_GROUPS.includes(group) || manifest.kind !== 'Tier') continue
    const root = rootField(manifest.object)
    const tier = readTier(root)
    for (const { route, message } of root.faults)
      problems.push(
        unreadable(manifest.origin, route, 'all', {
          code: 'invalid-tier',
          message: `Tier ${nameIn(manifest)}: ${message}.`,
          remedy: 'Correct it, so that the policies in it can be judged.',
        }),
      )
    tiers.set(nameIn(manifest), tier)
  }
  return tiers
}

/** Versions in which the kinds that are read exist; other kinds are only told of. */
function isVersion(manifest: Manifest): boolean {
  const kind = POLICY_KINDS[groupKindOf(manifest)]
  const version = manifest.apiVersion.slice(manifest.apiVersion.indexOf('/') + 1)
  return kind === undefined || kind.versions.includes(version)
}

/** A staged policy says what would be, and enforces nothing. */
function staged(manifest: Manifest): Problem {
  return {
    ...placeOf(manifest.origin, []),
    code: 'policy-staged',
    class: 'unseen',
    message: `${manifest.kind} ${nameIn(manifest)} is staged: it is not enforced, and was not judged.`,
    remedy: 'Nothing needs doing until it is committed to.',
    hides: { namespaces: [] },
    moot: true,
  }
}

/** Kubernetes policies are everybody's; those of an engine are its own. */
function isEnforced({ ownPolicies }: Network, group: string): boolean {
  return group === 'networking.k8s.io' || ownPolicies.includes(group)
}

function notEvaluated(manifest: Manifest, config: ClusterConfig, network: Network, group: string): Problem {
  const { apiVersion, kind, object, origin } = manifest
  // A kind of the whole cluster names no namespace; one that leaves it out may be anywhere.
  const own = namespaceOf(object)
  const what = `${kind} ${own === null ? '' : `${own}/`}${nameIn(manifest)} (${apiVersion})`
  const ignored = ignoresPolicies(network, group)
  return {
    ...placeOf(origin, []),
    code: 'policy-not-evaluated',
    class: 'unseen',
    message: ignored
      ? `${what} is not enforced on ${network.cni}, which this cluster runs: it neither allows nor denies anything.`
      : `${what} is not evaluated: what it allows or denies is not known.`,
    remedy: ignored
      ? `If something does enforce it, correct clusters.${config.name}.cni.`
      : Object.hasOwn(POLICY_KINDS, groupKindOf(manifest)) && network.basis !== 'configuration'
        ? `Say with clusters.${config.name}.cni which CNI the cluster runs.`
        : 'Judge its effect on TCP 15008 and on the probe source by hand.',
    hides: { namespaces: ignored ? [] : own === null ? 'all' : [own] },
  }
}

function unknownVersion(manifest: Manifest, config: ClusterConfig): Problem {
  const { apiVersion, kind, object, origin } = manifest
  const namespace = namespaceOf(object) ?? config.namespace
  const [group = ''] = apiVersion.split('/')
  const wanted =
    kind === 'NetworkPolicy' && !CALICO_GROUPS.includes(group)
      ? 'networking.k8s.io/v1'
      : (POLICY_KINDS[groupKindOf(manifest)]?.versions ?? []).map((one) => `${group}/${one}`).join(' or ')
  return unreadable(origin, ['apiVersion'], namespace, {
    code: 'unknown-policy-version',
    message: `${kind} ${namespace}/${nameIn(manifest)} has the API version ${apiVersion}, in which no ${kind} exists.`,
    remedy: `Use ${wanted}.`,
  })
}

/** What a policy says and does not do: told, and no reason for doubt. */
function quirks(manifest: Manifest, group: string, { mesh }: ClusterConfig): readonly Problem[] {
  if (group !== CILIUM) return []
  const { kind, object, origin } = manifest
  const own = namespaceOf(object)
  return quirksOf(rootField(object), mesh.hbonePort)
    .map(({ route, message }): Problem => ({
      ...placeOf(origin, route),
      code: 'policy-does-not-do-that',
      class: 'unseen',
      message: `${kind} ${own === null ? '' : `${own}/`}${nameIn(manifest)}: ${message}.`,
      remedy: 'Say what is meant.',
      hides: { namespaces: [] },
      moot: true,
    }))
    .sort(byPlace)
}
