// A plan: what to write where, as symbolic patches, and what it opens on the wire. Nothing here writes.
import { limitsPorts } from '../ambient/authorization.ts'
import type { Analysis } from '../analysis.ts'
import type { Touched, ComparedFinding } from '../findings/compare.ts'
import { asBlock, familyOf, parseAddresses } from '../kubernetes/address-set.ts'
import type { Direction, PolicyPeer, PolicyRule } from '../kubernetes/kinds/network-policy.ts'
import { valueAt } from '../kubernetes/origin.ts'
import { ALL_PORTS, portRange } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { compareText } from '../source/problem.ts'
import type { YamlPatch } from '../yaml/types.ts'
import { namesPodsAlone } from '../findings/lost-peers.ts'
import { describePeer, list } from '../findings/words.ts'
import { admitControl, admitPeers, alongWaypoints } from './plan-waypoints.ts'
import { wasTouched } from './touched-policy.ts'
import { writeWorkload } from './written-peers.ts'
import type { WrittenPeer } from './written-peers.ts'

/** Peers and ports that a patched policy newly admits; null peers are any peer. */
export interface Opening {
  readonly policyId: string
  readonly direction: Direction
  readonly peers: readonly PolicyPeer[] | null
  readonly ports: PortSet
}

export interface PolicyPatch {
  readonly policy: NetworkPolicy
  /** The route is inside the policy's own object. */
  readonly patch: YamlPatch
}

export interface Plan {
  readonly strategy: 'edit'
  readonly cluster: string
  /** Fingerprints of the findings that it is made for, sorted. */
  readonly settles: readonly string[]
  readonly patches: readonly PolicyPatch[]
  readonly opens: readonly Opening[]
  /** What it adds, peers named: one sentence. */
  readonly text: string
}

/** Makes a plan for each finding that an edit could mend; findings with equal patches share one plan. */
export function propose(
  head: Analysis,
  findings: readonly ComparedFinding[],
  touched: Touched,
): readonly Plan[] {
  const plans = new Map<string, Plan>()
  for (const finding of findings) {
    if (finding.change === 'resolved' || finding.severity === 'note') continue
    const plan = planFor(head, finding, touched)
    if (plan === null) continue
    const key = JSON.stringify(plan.patches.map(({ policy, patch }) => [policy.id, patch]))
    const same = plans.get(key)
    plans.set(
      key,
      same === undefined ? plan : { ...same, settles: [...same.settles, ...plan.settles].sort(compareText) },
    )
  }
  return [...plans.values()]
}

function planFor(head: Analysis, finding: ComparedFinding, touched: Touched): Plan | null {
  switch (finding.rule) {
    case 'hbone-ingress':
    case 'hbone-egress': {
      const plan = openHbone(head, finding)
      return plan === null ? null : alongWaypoints(head, finding, touched, plan)
    }
    case 'kubelet-probe':
      return admitProbes(head, finding, touched, 'all')
    case 'probe-family':
      return admitProbes(head, finding, touched, 'missing')
    case 'waypoint-path':
      return admitPeers(head, finding, touched)
    case 'waypoint-control':
      return admitControl(finding, touched)
    case 'isolated':
    case 'ztunnel-peer':
    case 'port-widening':
    case 'enrollment-label':
      return null
  }
}

/** 15008/TCP beside the application port in the same rule; a rule of its own where peers are mixed. */
function openHbone(head: Analysis, finding: ComparedFinding): Plan | null {
  const port = head.state.config.mesh.hbonePort
  const ports = portRange('TCP', port)
  const entry = { port, protocol: 'TCP' }
  const steps = finding.culprits.flatMap(({ policy, rule }) => {
    if (rule === null) return []
    const { direction } = finding
    // Beside a rule for anybody or for addresses, 15008 would be open to the world: the destinations get one of their own.
    const wide = direction === 'egress' && !namesPodsAlone(rule)
    const mesh = wide
      ? [...knownDestinations(head, finding), ...meshPeersOf(head, rule, policy, direction, 'pods')]
      : meshPeersOf(head, rule, policy, direction)
    const alone = wide || (rule.peers !== null && mesh.length < rule.peers.length)
    const peers = rule.peers === null && !wide ? null : mesh.map(({ peer }) => peer)
    const patch: YamlPatch = alone
      ? {
          op: 'append',
          route: ['spec', direction],
          value: { [PEERS_KEY[direction]]: mesh.map(({ written }) => written), ports: [entry] },
        }
      : { op: 'append', route: [...rule.route, 'ports'], value: entry }
    return [{ policy, patch, opening: { policyId: policy.id, direction, peers, ports } }]
  })
  if (steps.length === 0 || !steps.every(({ policy }) => policy.origin.editable)) return null
  const sentences = steps.map(
    ({ policy, opening }) =>
      `NetworkPolicy ${policy.namespace.name}/${policy.name} ${opening.direction === 'ingress' ? 'admits' : 'lets its pods reach'} ${describePeers(opening.peers, policy)} on ${String(port)}/TCP`,
  )
  return {
    strategy: 'edit',
    cluster: finding.cluster,
    settles: [finding.fingerprint],
    patches: steps.map(({ policy, patch }) => ({ policy, patch })),
    opens: steps.map(({ opening }) => opening),
    text: `${list([...new Set(sentences)], 10)}.${finding.direction === 'ingress' && widens(head, steps) ? WIDENING : ''}`,
  }
}

/** A rule that gets 15008 as a port of its own names others: the note that follows is foretold. */
const WIDENING = ' Through HBONE they then reach every port of its pods; see port-widening.'

/** Is there a workload of these policies whose limit no AuthorizationPolicy keeps? */
function widens({ state, engine }: Analysis, steps: readonly { readonly policy: NetworkPolicy }[]): boolean {
  if (state.authorizations.length === 0) return true
  return state.workloads.some(
    (workload) =>
      steps.some(({ policy }) => engine.isolating(workload, 'ingress').includes(policy)) &&
      !limitsPorts(state, workload),
  )
}

const PEERS_KEY = { ingress: 'from', egress: 'to' } as const

/** The workloads that a finding names, each as the selector that its own kind selects its pods by. */
function knownDestinations({ state }: Analysis, { peers }: ComparedFinding): readonly WrittenPeer[] {
  const names = new Set(peers)
  const written = state.workloads.filter(({ id }) => names.has(id)).map(writeWorkload)
  return [...new Map(written.map((one) => [JSON.stringify(one.written), one])).values()]
}

/** The peers of a rule that may be in the mesh, as they were read and as they are written. */
function meshPeersOf(
  head: Analysis,
  rule: PolicyRule,
  policy: NetworkPolicy,
  direction: Direction,
  only?: PolicyPeer['kind'],
): readonly WrittenPeer[] {
  const finder = direction === 'ingress' ? head.senders : head.receivers
  const written = valueAt(policy.object, [...rule.route, PEERS_KEY[direction]])
  return (rule.peers ?? []).flatMap((peer, index) => {
    if (only !== undefined && peer.kind !== only) return []
    const inMesh = finder.ofRule({ ...rule, peers: [peer] }, policy).length > 0
    return inMesh ? [{ peer, written: Array.isArray(written) ? (written[index] as unknown) : undefined }] : []
  })
}

/** A rule that admits the probe source and names no port, in one of the policies that isolate the pods. */
function admitProbes(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  which: 'all' | 'missing',
): Plan | null {
  const candidates = finding.culprits.map(({ policy }) => policy).filter(({ origin }) => origin.editable)
  const policy = [...candidates].sort(
    (a, b) =>
      wasTouched(b, touched) - wasTouched(a, touched) ||
      b.spec.selector.length - a.spec.selector.length ||
      compareText(a.id, b.id),
  )[0]
  if (policy === undefined) return null
  const { ipFamilies, mesh } = head.state.config
  const wanted = mesh.probeSources.filter((source) =>
    which === 'all'
      ? ipFamilies.some((family) => family === familyOf(source))
      : finding.peers.includes(asBlock(source)),
  )
  // The agent of the AWS CNI reads an IPv6 /128 as an IPv4 block and skips it (aws-network-policy-agent#509).
  const blocks = wanted.map((source) =>
    head.state.network.cni === 'aws' && source === 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff'
      ? 'fd16:9254:7127:1337:ffff::/80'
      : asBlock(source),
  )
  const peers = blocks.map((cidr): PolicyPeer => ({
    kind: 'block',
    cidr,
    except: [],
    addresses: parseAddresses(cidr) ?? { IPv4: [], IPv6: [] },
  }))
  const value = { from: blocks.map((cidr) => ({ ipBlock: { cidr } })) }
  return {
    strategy: 'edit',
    cluster: finding.cluster,
    settles: [finding.fingerprint],
    patches: [{ policy, patch: { op: 'append', route: ['spec', 'ingress'], value } }],
    opens: [{ policyId: policy.id, direction: 'ingress', peers, ports: ALL_PORTS }],
    text: `NetworkPolicy ${policy.namespace.name}/${policy.name} admits ${list(blocks, 10)}, from which kubelet probes come, on every port.`,
  }
}

function describePeers(peers: readonly PolicyPeer[] | null, policy: NetworkPolicy): string {
  return peers === null
    ? 'any peer'
    : list(
        peers.map((peer) => describePeer(peer, policy.namespace.name)),
        10,
      )
}
