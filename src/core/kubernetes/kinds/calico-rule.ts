// One rule of a policy of Calico. Whichever way it goes, `source` and `destination` are where packets come from and go
// to, so that one of them is the peer and the other the workload itself. What is refused follows policy_common.go
// (Rule, EntityRule) and libcalico-go/lib/validator/v3/validator.go (validateRule, validateNetworkPolicySpec).
import type { IpFamily } from '../address-set.ts'
import { absent, describe, fault, get, nameOf, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { ownEnd, peersOf, readEntity } from './calico-entity.ts'
import type { Net, RuleContext, RuleFamily } from './calico-entity.ts'
import { readPorts } from './calico-ports.ts'
import type { RuleEnds } from './calico-ports.ts'
import { behindService, ofProtocols } from './calico-services.ts'
import { asMapping } from './strict-field.ts'
import type { Direction, PolicyAction, PolicyRule } from './policy.ts'

const ACTIONS: Readonly<Record<string, PolicyAction>> = { Allow: 'allow', Deny: 'deny', Pass: 'pass' }

/** Reads a rule; null for one that only logs, after which the next rule decides. */
export function readCalicoRule(
  rule: Field,
  index: number,
  direction: Direction,
  context: RuleContext,
): PolicyRule | null {
  unknownKeys(rule, [
    ...['action', 'protocol', 'notProtocol', 'icmp', 'notICMP', 'ipVersion'],
    ...['source', 'destination', 'http', 'metadata'],
  ])
  const action = readAction(rule)
  const ends = { source: asMapping(get(rule, 'source')), destination: asMapping(get(rule, 'destination')) }
  const ports = readPorts(rule, ends)
  const source = readEntity(ends.source, context)
  const destination = readEntity(ends.destination, context)
  const [peer, own] = direction === 'ingress' ? [source, destination] : [destination, source]
  const nets = [source.nets, source.notNets, destination.nets, destination.notNets].flat()
  const family = versionOf(readFamily(rule, nets), nets.length > 0, context)
  checkServices(ends, direction)
  const web = readHttp(rule, direction)
  if (action === null) return null
  const { pods, doubt } = ownEnd(own, context)
  const { peers, doubts } = peersOf(peer, context, family, direction === 'egress' && action === 'allow')
  const asked = [
    ...ports.doubts,
    ...doubts,
    ...(absent(get(rule, 'notICMP')) || ports.ports?.length === 0 ? [] : ['what is not some kind of ICMP']),
    ...(web ? ['some HTTP requests only'] : []),
    ...(doubt ? ['some of the pods that the policy selects only'] : []),
    ...(peer.unread ? ['a selector that is too long to read'] : []),
  ]
  const behind =
    direction === 'egress' && peer.service !== null ? behindService(peer.service, context.services) : null
  return {
    index,
    route: rule.route,
    action,
    peers,
    ports: behind === null ? ports.ports : ofProtocols(behind.ports, ports.ports),
    doubt: asked.length === 0 ? null : `it asks for ${asked.join(' and for ')}`,
    ...(pods === null ? {} : { own: pods }),
  }
}

/** Where pods have addresses of one version alone, and the rule is about that or the other, its selectors say all. */
function versionOf(
  family: IpFamily | undefined,
  byBlocks: boolean,
  { families }: RuleContext,
): RuleFamily | undefined {
  if (family === undefined) return undefined
  const [only, ...others] = families
  return {
    family,
    pods: byBlocks || others.length > 0 ? 'some' : only === family ? 'all' : 'none',
  }
}

function readAction(rule: Field): PolicyAction | null {
  const field = get(rule, 'action')
  const name = text(field)
  if (name === 'Log') return null
  const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (action === undefined)
    fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be Allow, Deny, Pass or Log`)
  return action ?? 'deny'
}

/**
 * The version of IP that a rule is about. Without `ipVersion` its blocks decide, of whichever end and also those that
 * it excludes (felix/rules/policy.go, FilterRuleToIPVersion); of both versions they cannot be.
 */
function readFamily(rule: Field, nets: readonly Net[]): IpFamily | undefined {
  const field = get(rule, 'ipVersion')
  if (!absent(field) && field.value !== 4 && field.value !== 6)
    fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be 4 or 6`)
  const version: IpFamily | undefined = field.value === 4 ? 'IPv4' : field.value === 6 ? 'IPv6' : undefined
  const family = version ?? nets[0]?.family
  const other = nets.find((net) => net.family !== family)
  if (other !== undefined) {
    const why =
      version === undefined ? 'blocks of IPv4 and of IPv6' : `${version} and the block ${other.text}`
    fault(rule, `${nameOf(rule)} asks for ${why} at once, which no packet has`)
  }
  return family
}

function checkServices({ source, destination }: RuleEnds, direction: Direction): void {
  const misplaced = get(direction === 'ingress' ? destination : source, 'services')
  if (!absent(misplaced)) {
    const place = direction === 'ingress' ? 'source' : 'destination'
    fault(misplaced, `${nameOf(misplaced)} is only for the ${place} of a rule for ${direction}`)
  }
  if (absent(get(destination, 'services'))) return
  for (const key of ['ports', 'notPorts']) {
    const ports = get(destination, key)
    if (Array.isArray(ports.value) && ports.value.length > 0)
      fault(ports, `${nameOf(ports)} stands beside services, which bring their own ports`)
  }
}

/** Does the rule ask for HTTP requests? */
function readHttp(rule: Field, direction: Direction): boolean {
  const http = asMapping(get(rule, 'http'))
  if (absent(http)) return false
  unknownKeys(http, ['methods', 'paths'])
  const protocol = get(rule, 'protocol')
  if (direction === 'egress') fault(http, `${nameOf(http)} is only for rules for ingress`)
  if (get(rule, 'action').value !== 'Allow') fault(http, `${nameOf(http)} is only for rules that allow`)
  if (!absent(protocol) && protocol.value !== 'TCP' && protocol.value !== 6)
    fault(http, `${nameOf(http)} needs the protocol TCP, or none`)
  return true
}
