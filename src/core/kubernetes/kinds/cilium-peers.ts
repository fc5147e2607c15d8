// Whom a Cilium rule speaks of: `fromEndpoints`, `toCIDRSet` and the like. Sources: cilium/cilium pkg/policy/api/
// ingress.go, egress.go, entity.go, cidr.go, rule_validation.go; pkg/k8s/apis/cilium.io/utils/utils.go
// (getEndpointSelector); pkg/policy/utils (mergeEndpointSelectors).
import { asBlock, coversAddresses, parseAddresses, subtractAddresses } from '../address-set.ts'
import type { AddressSet } from '../address-set.ts'
import { absent, describe, fault, get, items, nameOf, selectorField, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { describeSelector, EVERYTHING } from '../labels.ts'
import { groupByName, groupsByLabels } from './cilium-cidr-group.ts'
import { asksFor, BEYOND_PODS } from './cilium-identities.ts'
import type { RuleContext } from './cilium-rule.ts'
import { readCiliumSelector } from './cilium-selector.ts'
import type { EntityPeer, PodsPeer, PolicyPeer, UnknownPeer } from './policy.ts'

export interface CiliumPeers {
  /** Does the rule name any peer? Then `peers` may still be null: all of them. */
  readonly named: boolean
  readonly peers: readonly PolicyPeer[] | null
  readonly doubt: string | null
  /** The key by which it asks something of other rules too, where it does. */
  readonly requires: string | null
}

type Read = (item: Field, context: RuleContext) => readonly PolicyPeer[] | null

const NOBODY: EntityPeer = { kind: 'entity', entity: 'none' }

const ALL_PODS: PodsPeer = { kind: 'pods', pods: EVERYTHING, namespaces: EVERYTHING }

/** mergeEndpointSelectors: empty but there, these match nobody; the others are as good as absent. */
const EMPTY_IS_NOBODY: readonly string[] = ['Endpoints', 'Nodes', 'Entities', 'CIDR', 'CIDRSet']

const READERS: Readonly<Record<string, Read>> = {
  Endpoints: readEndpoint,
  Entities: (item) => readEntity(item),
  CIDR: (item) => readBlock(item),
  CIDRSet: readBlockRule,
  Nodes: (item) => readNodes(item),
  Groups: (item) => readGroup(item),
  Services: (item) => readService(item),
  FQDNs: (item) => readName(item),
}

export function readCiliumPeers(rule: Field, context: RuleContext): CiliumPeers {
  const side = context.direction === 'ingress' ? 'from' : 'to'
  const kinds = ['Endpoints', 'Entities', 'CIDR', 'CIDRSet', 'Nodes', 'Groups']
  if (side === 'to') kinds.push('Services')
  if (side === 'to' && context.action === 'allow') kinds.push('FQDNs')
  const lists = kinds
    .map((kind) => ({ kind, field: get(rule, side + kind) }))
    .filter(({ field }) => !absent(field))
    .map(({ kind, field }) => ({ kind, members: items(field) }))
  const requires = get(rule, `${side}Requires`)
  for (const selector of items(requires)) selectorField(selector)
  const full = lists.filter(({ members }) => members.length > 0)
  // rule_validation.go: "combining %s and %s is not supported yet".
  if (full.length > 1)
    fault(
      rule,
      `${nameOf(rule)} has ${full.map(({ kind }) => side + kind).join(' and ')}, which Cilium refuses in one rule; give each its own`,
    )
  const peers: PolicyPeer[] = []
  let everybody = false
  for (const { kind, members } of full)
    for (const member of members) {
      const read = absent(member) ? empty(member) : (READERS[kind]?.(member, context) ?? null)
      if (read === null) everybody = true
      else peers.push(...read)
    }
  const nobody = lists.some(({ kind, members }) => members.length === 0 && EMPTY_IS_NOBODY.includes(kind))
  const ignored = full.length === 0 && lists.length > 0 && !nobody
  return {
    named: full.length > 0 || nobody || ignored,
    peers: nobody ? [] : everybody || full.length === 0 ? null : peers,
    doubt: ignored
      ? `its ${lists.map(({ kind }) => side + kind).join(' and ')} ${lists.length === 1 ? 'is' : 'are'} empty, which Cilium does not document`
      : full.some(({ kind }) => kind === 'Nodes')
        ? 'the labels of nodes are not known'
        : null,
    requires: items(requires).length > 0 ? `${side}Requires` : null,
  }
}

function empty(member: Field): readonly PolicyPeer[] {
  fault(member, `${nameOf(member)} is empty; remove it`)
  return []
}

/**
 * getEndpointSelector: without a namespace it is the policy's own in a CiliumNetworkPolicy, unless labels of namespaces
 * are asked for; in a clusterwide one it is any, but there must be one, so that `{}` are all pods and nothing else.
 * Neither is added beside a reserved label, nor, clusterwide, in a policy whose endpointSelector speaks of
 * `reserved:init` (`anyIdentity`).
 */
function readEndpoint(
  item: Field,
  { scope, anyIdentity, identities }: RuleContext,
): readonly PolicyPeer[] | null {
  const selector = readCiliumSelector(item, identities)
  const { variants, isEmpty, asksNamespace, namesNamespace, reserved, possible, doubt } = selector
  const others: UnknownPeer = unknown(`identities ${describeSelector(selectorOf(item))}`)
  const asked = reserved.filter(asksFor)
  const [first] = asked
  if (first !== undefined) {
    const alone = reserved.length === 1 && isEmpty && possible && doubt === null
    if (!alone) return [others]
    // Reserved labels have the empty value.
    return first.operator === 'In' && !first.values.includes('') ? [NOBODY] : reservedPeers(first.key, others)
  }
  if (!possible) return [NOBODY]
  const own = scope === 'namespace' && !asksNamespace && reserved.length === 0
  const peers = variants.map((variant): PodsPeer => ({
    kind: 'pods',
    pods: variant.pods,
    namespaces: own ? null : variant.namespaces,
    ...(doubt === null && variant.doubt === undefined ? {} : { doubt: true }),
  }))
  if (reserved.length > 0 || (scope === 'cluster' && anyIdentity && !namesNamespace))
    return [...peers, others]
  const addsNone = scope === 'namespace' ? asksNamespace : namesNamespace
  return addsNone && !selector.asksForLabels ? [...peers, ...BEYOND_PODS] : peers
}

function reservedPeers(name: string, others: UnknownPeer): readonly PolicyPeer[] {
  return (Object.hasOwn(RESERVED, name) ? RESERVED[name] : undefined) ?? [others]
}

/** What the reserved labels are on, which are entities too. */
const RESERVED: Readonly<Record<string, readonly PolicyPeer[]>> = {
  world: [{ kind: 'entity', entity: 'world' }],
  'world-ipv4': readAll('0.0.0.0/0'),
  'world-ipv6': readAll('::/0'),
  host: [{ kind: 'entity', entity: 'host' }],
  'remote-node': [{ kind: 'entity', entity: 'remote-node' }],
  'kube-apiserver': [{ kind: 'entity', entity: 'apiserver' }],
  // Cilium's own endpoints, and endpoints before they have labels, which on Kubernetes they have from the start
  // (layer3.rst, "Entities based").
  health: [NOBODY],
  ingress: [NOBODY],
  init: [NOBODY],
  none: [NOBODY],
  unmanaged: [unknown('endpoints that Cilium does not manage')],
}

/** In a list of entities; `world-ipv4` and `world-ipv6` are not in the enum of the CRD (entity.go). */
const ENTITIES: Readonly<Record<string, readonly PolicyPeer[] | null>> = {
  all: null,
  // entity.go, InitEntities; host and remote-node are all nodes.
  cluster: [ALL_PODS, { kind: 'entity', entity: 'nodes' }, { kind: 'entity', entity: 'apiserver' }],
  ...Object.fromEntries(Object.entries(RESERVED).filter(([name]) => !name.startsWith('world-'))),
}

function readEntity(item: Field): readonly PolicyPeer[] | null {
  const name = text(item)
  if (name === undefined) return []
  if (!Object.hasOwn(ENTITIES, name)) {
    fault(item, `${nameOf(item)} is "${name}"; it must be one of ${Object.keys(ENTITIES).sort().join(', ')}`)
    return []
  }
  return ENTITIES[name] ?? null
}

/** CIDR.Validate takes an address too. */
function readBlock(item: Field): readonly PolicyPeer[] {
  const cidr = text(item)
  const addresses = cidr === undefined ? null : parseAddresses(cidr)
  if (cidr === undefined || addresses === null) {
    if (cidr !== undefined) fault(item, `${nameOf(item)} is "${cidr}"; it must be a block such as 10.0.0.0/8`)
    return []
  }
  return [{ kind: 'block', cidr: asBlock(cidr), except: [], addresses }]
}

function readBlockRule(item: Field, { groups }: RuleContext): readonly PolicyPeer[] {
  unknownKeys(item, ['cidr', 'cidrGroupRef', 'cidrGroupSelector', 'except'])
  const cidr = get(item, 'cidr')
  const group = get(item, 'cidrGroupRef')
  const selector = get(item, 'cidrGroupSelector')
  // CIDRRule.Validate.
  if ([cidr, group, selector].filter((field) => !absent(field)).length !== 1)
    fault(item, `${nameOf(item)} must have one of cidr, cidrGroupRef and cidrGroupSelector`)
  // cidr.go: "using ExceptCIDRs together with CIDRGroupRef is not supported yet", and yet it is applied.
  const known = absent(get(item, 'except')) ? groups : []
  if (!absent(group)) return groupByName(text(group) ?? '', known)
  if (!absent(selector)) return groupsByLabels(selectorField(selector), known)
  const addresses = readPrefix(cidr)
  if (addresses === null) return []
  let rest = addresses
  const except = items(get(item, 'except')).flatMap((hole) => {
    const cut = readPrefix(hole)
    if (cut === null) return []
    if (!coversAddresses(addresses, cut))
      fault(hole, `${nameOf(hole)} must lie inside ${text(cidr) ?? 'the block'}`)
    rest = subtractAddresses(rest, cut)
    return text(hole) ?? []
  })
  return [{ kind: 'block', cidr: text(cidr) ?? '', except, addresses: rest }]
}

function readPrefix(field: Field): AddressSet | null {
  if (absent(field)) return null
  const value = text(field)
  const addresses = value?.includes('/') === true ? parseAddresses(value) : null
  if (value !== undefined && addresses === null)
    fault(field, `${nameOf(field)} is ${describe(value)}; it must be a block such as 10.0.0.0/8`)
  return addresses
}

/** Which of them is a matter of labels that are not in the tree: the rule is in doubt. */
function readNodes(item: Field): readonly PolicyPeer[] {
  selectorField(item)
  return [{ kind: 'entity', entity: 'nodes' }]
}

function readGroup(item: Field): readonly PolicyPeer[] {
  unknownKeys(item, ['aws'])
  return [unknown('AWS security groups')]
}

function readService(item: Field): readonly PolicyPeer[] {
  unknownKeys(item, ['k8sService', 'k8sServiceSelector'])
  const service = get(item, 'k8sService')
  const chosen = get(item, 'k8sServiceSelector')
  unknownKeys(service, ['serviceName', 'namespace'])
  unknownKeys(chosen, ['selector', 'namespace'])
  const namespace = text(get(absent(service) ? chosen : service, 'namespace'))
  if (!absent(service)) {
    const name = text(get(service, 'serviceName')) ?? ''
    return [unknown(`Service ${namespace === undefined ? name : `${namespace}/${name}`}`)]
  }
  const labels = describeSelector(selectorField(get(chosen, 'selector')))
  return [unknown(`Services ${labels}${namespace === undefined ? '' : ` in ${namespace}`}`)]
}

/** layer3.rst, "DNS based": they are non-cluster peers, and behave as CIDR rules do. */
function readName(item: Field): readonly PolicyPeer[] {
  unknownKeys(item, ['matchName', 'matchPattern'])
  const name = text(get(item, 'matchName')) ?? text(get(item, 'matchPattern')) ?? ''
  return [{ kind: 'unknown', name: `names ${name}`, outside: true }]
}

function unknown(name: string): UnknownPeer {
  return { kind: 'unknown', name, outside: false }
}

function readAll(cidr: string): readonly PolicyPeer[] {
  const addresses = parseAddresses(cidr)
  return addresses === null ? [] : [{ kind: 'block', cidr, except: [], addresses }]
}

/** For words; its faults are told where it is read. */
function selectorOf(item: Field): ReturnType<typeof selectorField> {
  return selectorField({ ...item, faults: [] })
}
