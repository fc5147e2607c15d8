// Which NetworkPolicies the API server would refuse: kubernetes/pkg/apis/networking/validation/validation.go,
// as far as the random clusters go.
import { readBlock } from './addresses.ts'
import type { LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort } from './cluster.ts'

export function refused({ spec }: NetworkPolicy): boolean {
  const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])]
  return (
    badSelector(spec.podSelector) ||
    (spec.policyTypes ?? []).some((type) => type !== 'Ingress' && type !== 'Egress') ||
    rules.some(({ ports }) => (ports ?? []).some(badPort)) ||
    rules.some(({ from, to }) => [...(from ?? []), ...(to ?? [])].some(badPeer))
  )
}

function badPort({ port, endPort, protocol = 'TCP' }: PolicyPort): boolean {
  if (!['TCP', 'UDP', 'SCTP'].includes(protocol)) return true
  if (typeof port !== 'number') return endPort !== undefined || /^\d*$/.test(port ?? 'any')
  return port < 1 || port > 65535 || (endPort !== undefined && (endPort < port || endPort > 65535))
}

function badPeer({ podSelector, namespaceSelector, ipBlock }: PolicyPeer): boolean {
  const selects = podSelector !== undefined || namespaceSelector !== undefined
  if (ipBlock === undefined) return !selects || badSelector(podSelector) || badSelector(namespaceSelector)
  const whole = ipBlock.cidr.includes('/') ? readBlock(ipBlock.cidr) : null
  if (selects || whole === null) return true
  // "Except values will be rejected if they are outside the cidr range"; nor may they be all of it.
  return (ipBlock.except ?? []).some((text) => {
    const part = text.includes('/') ? readBlock(text) : null
    if (part === null || part.family !== whole.family) return true
    const inside = whole.first <= part.first && part.last <= whole.last
    return !inside || part.last - part.first === whole.last - whole.first
  })
}

function badSelector(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some(({ operator, values = [] }) => {
    if (operator === 'In' || operator === 'NotIn') return values.length === 0
    return (operator !== 'Exists' && operator !== 'DoesNotExist') || values.length > 0
  })
}
