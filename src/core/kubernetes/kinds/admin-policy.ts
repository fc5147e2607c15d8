// The cluster-wide policies of Kubernetes' network-policy-api: AdminNetworkPolicy and BaselineAdminNetworkPolicy
// (policy.networking.k8s.io/v1alpha1), and ClusterNetworkPolicy (v1alpha2), which replaces both. Their CRDs validate,
// and what those refuse is a fault here. Sources: kubernetes-sigs/network-policy-api, apis/v1alpha1 and apis/v1alpha2.
import { parseAddresses } from '../address-set.ts'
import {
  absent,
  describe,
  fault,
  get,
  integer,
  items,
  nameOf,
  selectorField,
  text,
  unknownKeys,
} from '../field.ts'
import type { Field } from '../field.ts'
import { EVERYTHING } from '../labels.ts'
import { readAdminPorts } from './admin-ports.ts'
import type { Direction, PolicyAction, PolicyPeer, PolicyRule, PolicySpec, Rank, Subject } from './policy.ts'
import { asMapping } from './strict-field.ts'

type Kind = 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy'

const ACTIONS: Readonly<Record<Kind, Readonly<Record<string, PolicyAction>>>> = {
  AdminNetworkPolicy: { Allow: 'allow', Deny: 'deny', Pass: 'pass' },
  BaselineAdminNetworkPolicy: { Allow: 'allow', Deny: 'deny' },
  ClusterNetworkPolicy: { Accept: 'allow', Deny: 'deny', Pass: 'pass' },
}

/**
 * Reads a policy of one of the three kinds; any other is read as a ClusterNetworkPolicy. What is invalid is left in the
 * field's faults. Pods of the host's network are no subjects, which is for engines to know.
 */
export function readAdminPolicy(root: Field, kind: string): PolicySpec {
  const known: Kind =
    kind === 'AdminNetworkPolicy' || kind === 'BaselineAdminNetworkPolicy' ? kind : 'ClusterNetworkPolicy'
  const field = get(root, 'spec')
  if (absent(field)) fault(field, 'spec is missing')
  const spec = asMapping(field)
  unknownKeys(spec, [
    ...['subject', 'ingress', 'egress'],
    ...(known === 'BaselineAdminNetworkPolicy' ? [] : ['priority']),
    ...(known === 'ClusterNetworkPolicy' ? ['tier'] : []),
  ])
  return {
    subjects: readSubject(get(spec, 'subject')),
    rank: readRank(root, spec, known),
    ingress: readRules(get(spec, 'ingress'), 'ingress', known),
    egress: readRules(get(spec, 'egress'), 'egress', known),
    isolates: { ingress: false, egress: false },
  }
}

function readRank(root: Field, spec: Field, kind: Kind): Rank {
  if (kind === 'BaselineAdminNetworkPolicy') {
    // It is alone in its cluster, so its name is fixed and it has no priority.
    const name = get(asMapping(get(root, 'metadata')), 'name')
    if (name.value !== 'default')
      fault(
        name,
        `metadata.name is ${describe(name.value)}; a BaselineAdminNetworkPolicy must be called default`,
      )
    return { stage: 'baseline', priority: 0 }
  }
  const field = get(spec, 'priority')
  if (absent(field)) fault(field, 'spec.priority is missing')
  const priority = integer(field, 0, 1000) ?? 0
  if (kind === 'AdminNetworkPolicy') return { stage: 'admin', priority }
  const tier = get(spec, 'tier')
  if (tier.value !== 'Admin' && tier.value !== 'Baseline')
    fault(tier, `spec.tier is ${describe(tier.value)}; it must be Admin or Baseline`)
  return { stage: tier.value === 'Baseline' ? 'baseline' : 'admin', priority }
}

function readSubject(field: Field): readonly Subject[] {
  const subject = asMapping(field)
  unknownKeys(subject, ['namespaces', 'pods'])
  if (!exactlyOne(subject, ['namespaces', 'pods'])) return []
  const namespaces = get(subject, 'namespaces')
  if (!absent(namespaces)) return [{ pods: EVERYTHING, namespaces: selectorField(asMapping(namespaces)) }]
  return [readPods(get(subject, 'pods'))]
}

function readPods(field: Field): Subject & { readonly namespaces: NonNullable<Subject['namespaces']> } {
  const pods = asMapping(field)
  unknownKeys(pods, ['namespaceSelector', 'podSelector'])
  // Both are required as members, though a namespaceSelector that is left out is one that is empty since v1alpha2.
  const selector = get(pods, 'podSelector')
  if (absent(selector)) fault(selector, `${nameOf(selector)} is missing; write {} for every pod`)
  return {
    pods: selectorField(asMapping(selector)),
    namespaces: selectorField(asMapping(get(pods, 'namespaceSelector'))),
  }
}

/** CNPs with no ingress rules do not affect ingress traffic: none, and not even an empty list, speaks of nothing. */
function readRules(list: Field, direction: Direction, kind: Kind): readonly PolicyRule[] | null {
  const rules = items(list)
  const most = kind === 'ClusterNetworkPolicy' ? 25 : 100
  if (rules.length > most) fault(list, `${nameOf(list)} has more than ${String(most)} rules`)
  if (rules.length === 0) return null
  return rules.map((rule, index) => readRule(asMapping(rule), index, direction, kind))
}

function readRule(rule: Field, index: number, direction: Direction, kind: Kind): PolicyRule {
  const peersKey = direction === 'ingress' ? 'from' : 'to'
  const portsKey = kind === 'ClusterNetworkPolicy' ? 'protocols' : 'ports'
  unknownKeys(rule, ['name', 'action', peersKey, portsKey])
  text(get(rule, 'name'))
  const action = readAction(get(rule, 'action'), kind)
  const list = get(rule, peersKey)
  const peers = items(list)
  if (peers.length === 0) fault(list, `${nameOf(list)} must name at least one peer`)
  const { ports, named, doubt } = readAdminPorts(get(rule, portsKey), portsKey)
  const read = peers.map((peer) => readPeer(asMapping(peer), direction, kind, action))
  const away = read.some(({ pods }) => !pods)
  if (named && away)
    fault(
      get(rule, portsKey),
      `${nameOf(get(rule, portsKey))} names ports, which only pods have, beside other peers`,
    )
  return {
    index,
    route: rule.route,
    action,
    peers: read.some(({ anybody }) => anybody) ? null : read.flatMap((peer) => peer.peers),
    ports,
    doubt: doubt ?? read.find((peer) => peer.doubt !== null)?.doubt ?? null,
  }
}

function readAction(field: Field, kind: Kind): PolicyAction {
  const actions = ACTIONS[kind]
  const name = text(field)
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) {
    const allowed = Object.keys(actions)
    fault(
      field,
      `${nameOf(field)} is ${describe(field.value)}; it must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1) ?? ''}`,
    )
  }
  return action ?? 'deny'
}

interface ReadPeer {
  readonly peers: readonly PolicyPeer[]
  /** Is it of pods, which have named ports? */
  readonly pods: boolean
  /** May it be anybody at all? */
  readonly anybody: boolean
  readonly doubt: string | null
}

function readPeer(peer: Field, direction: Direction, kind: Kind, action: PolicyAction): ReadPeer {
  const keys = ['namespaces', 'pods']
  // Peers of ingress are in the cluster, in every version.
  if (direction === 'egress') keys.push('nodes', 'networks')
  if (direction === 'egress' && kind !== 'BaselineAdminNetworkPolicy') keys.push('domainNames')
  unknownKeys(peer, keys)
  const none: ReadPeer = { peers: [], pods: true, anybody: false, doubt: null }
  if (!exactlyOne(peer, keys)) return none
  const namespaces = get(peer, 'namespaces')
  if (!absent(namespaces)) {
    const selector = selectorField(asMapping(namespaces))
    return { ...none, peers: [{ kind: 'pods', pods: EVERYTHING, namespaces: selector }] }
  }
  const pods = get(peer, 'pods')
  if (!absent(pods)) return { ...none, peers: [{ kind: 'pods', ...readPods(pods) }] }
  if (direction === 'ingress') return none
  const nodes = get(peer, 'nodes')
  if (!absent(nodes)) {
    const doubt =
      selectorField(asMapping(nodes)).length > 0
        ? 'it is about nodes of some labels only, and those of nodes are not known'
        : null
    return { ...none, peers: [{ kind: 'entity', entity: 'nodes' }], pods: false, doubt }
  }
  const networks = get(peer, 'networks')
  if (!absent(networks)) return { ...none, peers: readNetworks(networks), pods: false }
  const peers = readDomains(get(peer, 'domainNames'))
  if (action === 'allow') return { ...none, peers, pods: false }
  // "DomainNames is only supported for Accept rules", which no CRD checks; what is not supported may be all or nothing.
  return { ...none, pods: false, anybody: true, doubt: 'names are only for rules that allow' }
}

function readNetworks(field: Field): readonly PolicyPeer[] {
  const networks = items(field)
  if (networks.length === 0) fault(field, `${nameOf(field)} must have at least one block`)
  return networks.flatMap((network): readonly PolicyPeer[] => {
    const cidr = text(network)
    const addresses = cidr?.includes('/') === true ? parseAddresses(cidr) : null
    if (cidr !== undefined && addresses !== null) return [{ kind: 'block', cidr, except: [], addresses }]
    fault(network, `${nameOf(network)} is ${describe(network.value)}; it must be a block such as 10.0.0.0/8`)
    return []
  })
}

const LABEL = '[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?'
const DOMAIN = new RegExp(`^(\\*\\.)?(${LABEL}\\.)+${LABEL}\\.?$`)

function readDomains(field: Field): readonly PolicyPeer[] {
  const domains = items(field)
  if (domains.length === 0) fault(field, `${nameOf(field)} must have at least one name`)
  return domains.flatMap((domain): readonly PolicyPeer[] => {
    const name = text(domain)
    // Nobody's name is longer, and the pattern is slow on what it takes long to refuse.
    if (name !== undefined && name.length <= 255 && DOMAIN.test(name))
      return [{ kind: 'unknown', name: `names ${name}`, outside: true }]
    fault(domain, `${nameOf(domain)} is ${describe(domain.value)}; it must be a name such as *.example.com`)
    return []
  })
}

/** "Exactly one field must be set": min- and maxProperties of the CRDs. */
function exactlyOne(field: Field, keys: readonly string[]): boolean {
  const set = keys.filter((key) => !absent(get(field, key)))
  if (set.length === 1) return true
  const names = `${keys.slice(0, -1).join(', ')} or ${keys.at(-1) ?? ''}`
  fault(field, `${nameOf(field)} must have exactly one of ${names}`)
  return false
}
