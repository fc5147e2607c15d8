// One end of a rule of Calico: `source` or `destination`. All that it asks must hold at once, which peers, any of
// which may match, say only in part; the rest is doubt. Sources: updateprocessors/rules.go (GetEntityRuleSelector),
// felix/calc/rule_scanner.go (extractSelectors), felix/rules/policy.go (FilterRuleToIPVersion).
import {
  ALL_ADDRESSES,
  intersectAddresses,
  familyOf,
  noAddresses,
  NO_ADDRESSES,
  parseAddresses,
  subtractAddresses,
  unionAddresses,
} from '../address-set.ts'
import type { AddressSet, IpFamily } from '../address-set.ts'
import { formatBlocks } from '../blocks.ts'
import { absent, describe, fault, get, items, nameOf, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { EVERYTHING } from '../labels.ts'
import {
  allOf,
  NAMESPACE_PREFIX,
  podsOf,
  prefixed,
  SERVICE_ACCOUNT_PREFIX,
  setMatches,
} from './calico-endpoints.ts'
import type { NetworkSetRef, PodsPart, Scope } from './calico-endpoints.ts'
import type { AccountRef } from './calico-accounts.ts'
import { parseSelector } from './calico-selector.ts'
import type { Expression } from './calico-selector.ts'
import { behindService } from './calico-services.ts'
import type { ServiceRef } from './calico-services.ts'
import type { BlockPeer, PolicyPeer, Subject, UnknownPeer } from './policy.ts'
import { asMapping } from './strict-field.ts'

/** What of a cluster the policies of Calico speak of, beside pods and their namespaces. */
export interface CalicoSurroundings {
  /** The network sets, which selectors match as well. */
  readonly sets: readonly NetworkSetRef[]
  readonly accounts: readonly AccountRef[]
  readonly services: readonly ServiceRef[]
  /** Of the addresses of pods. */
  readonly families: readonly IpFamily[]
}

export const NO_CALICO_SURROUNDINGS: CalicoSurroundings = {
  sets: [],
  accounts: [],
  services: [],
  families: ['IPv4'],
}

/** What a rule needs to know of the policy around it. */
export interface RuleContext extends CalicoSurroundings {
  /** The policy's own namespace, or null for a policy of the whole cluster. */
  readonly own: Scope['own']
}

export interface Net {
  readonly text: string
  readonly family: IpFamily
  readonly addresses: AddressSet
}

export interface Entity {
  readonly nets: readonly Net[]
  readonly notNets: readonly Net[]
  /** Endpoints and network sets, whom to match is to be one of. */
  readonly selected: { readonly expression: Expression; readonly scope: Scope } | null
  /** Without such: endpoints and network sets, whom to match is to be none of. */
  readonly excluded: Expression | null
  readonly service: string | null
  readonly domains: readonly string[]
  /** A selector that nobody has read. */
  readonly unread: boolean
}

/** Reads `source` or `destination`; what only one of them may have is for the rule to check. */
export function readEntity(entity: Field, { own }: RuleContext): Entity {
  unknownKeys(entity, [
    ...['nets', 'notNets', 'selector', 'notSelector', 'namespaceSelector', 'ports', 'notPorts'],
    // `domains` is of Calico Enterprise.
    ...['serviceAccounts', 'services', 'domains'],
  ])
  const selector = readSelector(get(entity, 'selector'))
  const notSelector = readSelector(get(entity, 'notSelector'))
  const namespaces = readNamespaces(get(entity, 'namespaceSelector'))
  const accounts = readAccounts(asMapping(get(entity, 'serviceAccounts')))
  const wanted = [namespaces, accounts, selector].filter((one) => one !== null)
  // A policy of a namespace stays in it as soon as any selector is used, `notSelector` included; one of the cluster
  // that has nothing but a `notSelector` matches whatever is none of those, outside of the cluster too.
  const stays = wanted.length > 0 || (own !== null && notSelector !== null)
  const expressions = [...wanted, ...(notSelector === null ? [] : [not(notSelector)])].filter(
    (one) => one !== 'unread',
  )
  return {
    nets: items(get(entity, 'nets')).flatMap((net) => readNet(net) ?? []),
    notNets: items(get(entity, 'notNets')).flatMap((net) => readNotNet(net) ?? []),
    selected: stays
      ? { expression: allOf(expressions), scope: { own: namespaces === null ? own : null } }
      : null,
    excluded: stays || notSelector === null || notSelector === 'unread' ? null : notSelector,
    service: readService(entity, own),
    domains: items(get(entity, 'domains')).flatMap((domain) => text(domain) ?? []),
    unread: [...wanted, notSelector].includes('unread'),
  }
}

type ReadExpression = Expression | 'unread' | null

/** A selector that is anywhere but in the `namespaceSelector` of a rule; null where there is none. */
export function readSelector(field: Field): ReadExpression {
  const value = text(field)
  if (value?.includes('global(') === true)
    fault(field, `${nameOf(field)} uses global(), which only the namespaceSelector of a rule may`)
  return parse(field, value)
}

function readNamespaces(field: Field): ReadExpression {
  const value = text(field)
  const expression = parse(field, value)
  if (expression === null || expression === 'unread') return expression
  // validator.go, validateEntityRule: global() stands alone.
  if (value?.includes('global(') === true && expression.kind !== 'global')
    fault(field, `${nameOf(field)} combines global() with other selectors, which Calico refuses`)
  return prefixed(expression, NAMESPACE_PREFIX)
}

function readAccounts(field: Field): ReadExpression {
  unknownKeys(field, ['names', 'selector'])
  const names = items(get(field, 'names')).flatMap((name) => text(name) ?? [])
  const selector = readSelector(get(field, 'selector'))
  if (selector === 'unread') return 'unread'
  const parts: Expression[] = selector === null ? [] : [prefixed(selector, SERVICE_ACCOUNT_PREFIX)]
  if (names.length > 0)
    parts.push({
      kind: 'label',
      requirement: { key: 'projectcalico.org/serviceaccount', operator: 'In', values: names },
    })
  return parts.length === 0 ? null : allOf(parts)
}

function parse(field: Field, value: string | undefined): ReadExpression {
  if (value === undefined || value === '') return null
  const parsed = parseSelector(value)
  if (parsed.ok) return parsed.expression
  if (parsed.invalid === null) return 'unread'
  fault(field, `${nameOf(field)} is no selector that Calico takes: it has ${parsed.invalid}`)
  return { kind: 'all' }
}

function not(expression: Expression | 'unread'): Expression | 'unread' {
  return expression === 'unread' ? 'unread' : { kind: 'not', part: expression }
}

/** validator.go, scanNets: blocks only, where network sets also take addresses. */
function readNet(field: Field): Net | null {
  const value = text(field)
  const addresses = value?.includes('/') === true ? parseAddresses(value) : null
  if (value !== undefined && addresses !== null) return { text: value, family: familyOf(value), addresses }
  fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be a block such as 10.0.0.0/8`)
  return null
}

function readNotNet(field: Field): Net | null {
  const net = readNet(field)
  if (net !== null && noAddresses(subtractAddresses(everyAddress(net.family), net.addresses)))
    fault(field, `${nameOf(field)} is ${net.text}, which leaves nobody; Calico refuses that`)
  return net
}

function readService(entity: Field, own: Scope['own']): string | null {
  const namespaced = own !== null
  const ownNamespace = own?.namespace
  const service = asMapping(get(entity, 'services'))
  if (absent(service)) return null
  unknownKeys(service, ['name', 'namespace'])
  const name = text(get(service, 'name')) ?? ''
  const namespace = text(get(service, 'namespace')) ?? ''
  if (name === '') fault(service, `${nameOf(service)} names no Service`)
  if (namespace === '' && !namespaced)
    fault(service, `${nameOf(service)} needs a namespace in a policy of the whole cluster`)
  for (const key of ['selector', 'notSelector', 'namespaceSelector', 'nets', 'notNets', 'serviceAccounts']) {
    const beside = get(entity, key)
    if (!absent(beside) && beside.value !== '' && !(Array.isArray(beside.value) && beside.value.length === 0))
      fault(beside, `${nameOf(beside)} stands beside services, which Calico refuses`)
  }
  return namespace === '' ? `${ownNamespace ?? ''}/${name}` : `${namespace}/${name}`
}

/** Which of the pods that the policy selects an end of a rule that is their own means. */
export interface Own {
  /** null: all of them. */
  readonly pods: readonly Subject[] | null
  /** Does it ask for what of a pod nothing here can tell, such as its address? */
  readonly doubt: boolean
}

/** Reads the end of a rule that is the workload's own. */
export function ownEnd(entity: Entity, { sets, accounts }: RuleContext): Own {
  const { notNets, selected, excluded, service, domains, unread } = entity
  const doubt =
    notNets.length > 0 || !coversFamily(entity) || service !== null || domains.length > 0 || unread
  const wanted: Entity['selected'] =
    selected ??
    (excluded === null ? null : { expression: { kind: 'not', part: excluded }, scope: { own: null } })
  if (wanted === null) return { pods: null, doubt }
  const parts = podsOf(wanted.expression, wanted.scope, accounts)
  // A network set may hold the addresses of pods that the selector itself does not mean.
  const bySet =
    selected === null
      ? sets.some((set) => setMatches(excluded ?? { kind: 'all' }, set, { own: null }) !== 'no')
      : sets.some((set) => setMatches(selected.expression, set, selected.scope) !== 'no')
  if (parts?.some((part) => isEveryPod(part)) === true)
    return { pods: null, doubt: doubt || (bySet && selected === null) }
  if (selected === null && bySet) return { pods: subjectsOf(parts), doubt: true }
  return { pods: [...subjectsOf(parts), ...(bySet ? subjectsOf(null) : [])], doubt }
}

function isEveryPod({ pods, namespaces, doubt }: PodsPart): boolean {
  return !doubt && pods.length === 0 && (namespaces?.length ?? 0) === 0
}

/** Of its version of IP, does it leave no address out? */
function coversFamily({ nets }: Entity): boolean {
  const [net] = nets
  if (net === undefined) return true
  const covered = nets.reduce((sum, { addresses }) => unionAddresses(sum, addresses), NO_ADDRESSES)
  return noAddresses(subtractAddresses(everyAddress(net.family), covered))
}

function subjectsOf(parts: readonly PodsPart[] | null): readonly Subject[] {
  const all = parts ?? [{ pods: EVERYTHING, namespaces: EVERYTHING, doubt: true }]
  return all.map(({ pods, namespaces, doubt }) => ({
    pods,
    namespaces,
    ...(doubt ? { doubt: true as const } : {}),
  }))
}

export interface Peers {
  readonly peers: readonly PolicyPeer[] | null
  readonly doubts: readonly string[]
}

/** A version of IP that a rule is about: of its blocks, or because it says so. */
export interface RuleFamily {
  readonly family: IpFamily
  /** Do pods have an address of it, and of no other? `some`: of others, too. */
  readonly pods: 'all' | 'some' | 'none'
}

/**
 * The peers that an end of a rule means.
 * @param version of IP, where the rule is about one only.
 * @param byName whether names of the internet mean anything here: only where egress is allowed.
 */
export function peersOf(
  entity: Entity,
  context: RuleContext,
  version: RuleFamily | undefined,
  byName: boolean,
): Peers {
  const { nets, notNets, selected, excluded, service, domains } = entity
  const family = version?.family
  const onlyBlocks = nets.length > 0 || notNets.length > 0 || family !== undefined
  if (service !== null) {
    const behind = behindService(service, context.services)
    if (version?.pods === 'none') return { peers: [], doubts: [] }
    const doubt = version?.pods === 'some' ? { doubt: true as const } : {}
    const unknown: UnknownPeer = { kind: 'unknown', name: `Service ${service}`, outside: false }
    return { peers: [behind === null ? unknown : { ...behind.peer, ...doubt }], doubts: [] }
  }
  if (domains.length > 0) {
    // docs.tigera.io, "DNS policy": for destinations outside of the cluster, in egress rules that allow, only.
    const alone = nets.length === 0 && notNets.length === 0 && selected === null && excluded === null
    if (!alone || !byName) return { peers: null, doubts: ['names, in a way that Calico does not describe'] }
    return {
      peers: domains.map((name) => ({ kind: 'unknown', name: `names ${name}`, outside: true })),
      doubts: [],
    }
  }
  const blocks = blocksOf(entity, family).map((block) =>
    version?.pods === 'none' && nets.length === 0 ? { ...block, noPods: true as const } : block,
  )
  if (selected !== null) {
    // An IP address of a pod is known to nobody here, so what is asked of it is doubt.
    const asksAddress = nets.length > 0 || notNets.length > 0 || version?.pods === 'some'
    const doubt = asksAddress || entity.unread
    const parts =
      version?.pods === 'none'
        ? []
        : (podsOf(selected.expression, selected.scope, context.accounts) ?? [anyPod(selected.scope)])
    const within = blocks.reduce((sum, { addresses }) => unionAddresses(sum, addresses), NO_ADDRESSES)
    return {
      peers: [
        ...parts.map((part) => podsPeer(part, doubt)),
        ...context.sets.flatMap((set) => {
          const match = setMatches(selected.expression, set, selected.scope)
          if (match === 'no') return []
          if (match === 'maybe' || entity.unread || isForeign(set, context)) return [unknownSet(set)]
          return setPeers(set, onlyBlocks ? within : ALL_ADDRESSES, byName)
        }),
      ],
      doubts: [],
    }
  }
  if (excluded !== null) {
    const doubts = context.sets.some((set) => setMatches(excluded, set, { own: null }) !== 'no')
      ? ['addresses that are in no network set of some labels']
      : []
    if (onlyBlocks)
      return { peers: blocks, doubts: [...doubts, 'addresses that are not of pods of some labels'] }
    const rest = podsOf({ kind: 'not', part: excluded }, { own: null }, context.accounts) ?? [
      anyPod({ own: null }),
    ]
    return {
      peers: [
        ...rest.map((part) => podsPeer(part, false)),
        { kind: 'entity', entity: 'world' },
        { kind: 'entity', entity: 'nodes' },
      ],
      doubts,
    }
  }
  return { peers: onlyBlocks ? blocks : null, doubts: [] }
}

/** The blocks between `nets`, `notNets` and the IP version; without any of them, every address. */
function blocksOf({ nets, notNets }: Entity, family: IpFamily | undefined): readonly BlockPeer[] {
  const families: readonly IpFamily[] = family === undefined ? ['IPv4', 'IPv6'] : [family]
  const wholes = nets.length > 0 ? nets : families.map(wholeOf)
  return wholes.flatMap((net) => {
    const cut = notNets.filter(({ addresses }) => !noAddresses(intersectAddresses(addresses, net.addresses)))
    const rest = cut.reduce((left, { addresses }) => subtractAddresses(left, addresses), net.addresses)
    const addresses = family === undefined ? rest : intersectAddresses(rest, everyAddress(family))
    if (noAddresses(addresses)) return []
    return [{ kind: 'block', cidr: net.text, except: cut.map((one) => one.text), addresses }]
  })
}

function wholeOf(family: IpFamily): Net {
  return { text: family === 'IPv4' ? '0.0.0.0/0' : '::/0', family, addresses: everyAddress(family) }
}

function everyAddress(family: IpFamily): AddressSet {
  return { ...NO_ADDRESSES, [family]: ALL_ADDRESSES[family] }
}

function anyPod({ own }: Scope): PodsPart {
  return { pods: EVERYTHING, namespaces: own === null ? EVERYTHING : null, doubt: true }
}

function podsPeer({ pods, namespaces, doubt }: PodsPart, more: boolean): PolicyPeer {
  return { kind: 'pods', pods, namespaces, ...(doubt || more ? { doubt: true as const } : {}) }
}

function setPeers(set: NetworkSetRef, within: AddressSet, byName: boolean): readonly PolicyPeer[] {
  const blocks = formatBlocks(intersectAddresses(set.cidrs, within)).flatMap((cidr): readonly BlockPeer[] => {
    const addresses = parseAddresses(cidr)
    return addresses === null ? [] : [{ kind: 'block', cidr, except: [], addresses }]
  })
  // Calico Enterprise, "Global network set": names have no effect but where egress is allowed.
  if (!set.domains || !byName) return blocks
  return [...blocks, { kind: 'unknown', name: `names in ${nameOfSet(set)}`, outside: true }]
}

/** docs.tigera.io, "Network set": of policies of its own namespace alone. For Felix a `namespaceSelector` finds others. */
function isForeign({ namespace }: NetworkSetRef, { own }: RuleContext): boolean {
  return own !== null && namespace !== null && namespace !== own.namespace
}

function unknownSet(set: NetworkSetRef): UnknownPeer {
  return { kind: 'unknown', name: nameOfSet(set), outside: false }
}

function nameOfSet({ namespace, name }: NetworkSetRef): string {
  if (namespace === null) return `GlobalNetworkSet ${name}`
  return `NetworkSet ${namespace === '' ? name : `${namespace}/${name}`}`
}
