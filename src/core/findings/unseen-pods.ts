// Pods that the tree does not show and that policies of it select: a chart or an operator brings them, and nobody can
// say whether they have probes, clients or others that they call.
import { memberOf } from '../ambient/mesh.ts'
import type { World } from '../analysis.ts'
import { addressSet } from '../kubernetes/address-set.ts'
import type { Direction, Subject } from '../kubernetes/kinds/policy.ts'
import { EVERYTHING, matches, pinnedLabels } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import { placeOf } from '../kubernetes/origin.ts'
import { NO_PORTS, hasPort, noPorts, portRange, subtractPorts } from '../kubernetes/port-set.ts'
import type { Namespace, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { ANYBODY } from '../policy/peer.ts'
import { inNamespaces } from '../policy/selects.ts'
import type { Problem } from '../source/problem.ts'
import { lostPeers } from './lost-peers.ts'
import { namePolicies } from './words.ts'

/**
 * Policies of an enrolled namespace that select no workload of the tree. Silent where the policies let everything through
 * that Ambient needs, whatever the pods are.
 */
export function unseenWorkloads(
  world: World,
  namespace: Namespace,
  policies: readonly NetworkPolicy[],
): readonly Problem[] {
  const risk = riskIn(world)
  const risky = policies.filter(
    (policy) =>
      selectsNothing(world, namespace, policy.spec.subjects) &&
      policy.spec.subjects.some(({ pods }) => mayBreak(risk, policy, pods, namespace)),
  )
  return told(world, risky, [namespace], `in the enrolled namespace ${namespace.name}`)
}

/**
 * The same for policies of the whole cluster, each told once: where one asks for pods of certain namespaces by labels that
 * none in the tree has, and where one for all pods meets a namespace of which the tree shows none. Labels that nobody has,
 * wherever they may be, are no sign that such pods are in the mesh.
 */
export function unseenOfCluster(world: World): readonly Problem[] {
  const { wide } = world.index
  if (wide.length === 0) return []
  const namespaces = [...world.state.namespaces.values()]
  const risk = riskIn(world)
  return wide.flatMap((policy) => {
    const subjects = policy.spec.subjects.filter(
      ({ pods, namespaces: where }) => pods.length === 0 || (where !== null && where.length > 0),
    )
    const places = namespaces.filter(
      (namespace) =>
        subjects.some((subject) => inNamespaces(subject, policy, namespace) === 'yes') &&
        selectsNothing(world, namespace, subjects) &&
        subjects.some(({ pods }) => mayBreak(risk, policy, pods, namespace)),
    )
    const [first] = places
    return first === undefined
      ? []
      : told(world, [policy], places, `in enrolled namespaces, such as ${first.name}`)
  })
}

/**
 * Do the policies of a namespace speak of every pod in it, in a direction, and let anybody through on the HBONE port, and
 * probes? Whatever else may stand there can then only admit more.
 */
export function isSettledFor(world: World, namespace: Namespace, direction: Direction): boolean {
  const { engine, state } = world
  const [policy] = world.index.byNamespace.get(namespace.name)
  if (policy === undefined) return false
  const pod = imagine(policy, EVERYTHING, namespace)
  return (
    engine.isolation(pod, direction) === 'yes' &&
    hasPort(engine.allows(pod, ANYBODY, direction).sure, 'TCP', state.config.mesh.hbonePort) &&
    (direction === 'egress' || !probesMayFail(world, pod))
  )
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress']

function told(
  { state: { config } }: World,
  policies: readonly NetworkPolicy[],
  namespaces: readonly Namespace[],
  where: string,
): readonly Problem[] {
  const [first] = policies
  if (first === undefined) return []
  const asked = namespaces.map(({ name }) => name).filter((name) => config.enroll.includes(name))
  return [
    {
      ...placeOf(first.origin, ['spec']),
      code: 'workloads-not-in-tree',
      class: 'unseen',
      message: `${namePolicies(policies)} ${policies.length === 1 ? 'isolates' : 'isolate'} pods that are not in the tree, ${where}: whether they lose mesh traffic or kubelet probes is not known.`,
      remedy: `Add their workloads to the tree, or to clusters.${config.name}.assume.manifests.`,
      hides: { namespaces: asked },
      wherever: true,
      about: {
        policies: policies.map(({ id }) => id),
        namespaces: namespaces.map(({ name }) => name),
      },
    },
  ]
}

/** Is no workload that the tree shows in a namespace among these? */
export function selectsNothing(
  { population }: World,
  namespace: Namespace,
  subjects: readonly Subject[],
): boolean {
  const home = population.namespaceIndex(namespace.name)
  return (
    home === undefined ||
    subjects.every(({ pods }) => population.matching(pods, [[home, home + 1]]).length === 0)
  )
}

/** Is a pod that a selector finds in a namespace, and of which nothing else is known, at risk in a direction? */
type Risk = (of: NetworkPolicy, pods: Selector, namespace: Namespace, direction: Direction) => boolean

/** Would a pod that the policy selects, and of which nothing else is known, be enrolled and at risk? */
function mayBreak(risk: Risk, policy: NetworkPolicy, pods: Selector, namespace: Namespace): boolean {
  return DIRECTIONS.some(
    (direction) => policy.spec[direction] !== null && risk(policy, pods, namespace, direction),
  )
}

/** Many policies speak of the same pods, who are at risk under all of them together: each is asked about once. */
function riskIn(world: World): Risk {
  const known = new Map<string, boolean>()
  return (policy, pods, namespace, direction) => {
    const key = JSON.stringify([namespace.name, direction, pods])
    const before = known.get(key)
    if (before !== undefined) return before
    const now = isAtRisk(world, policy, pods, namespace, direction)
    known.set(key, now)
    return now
  }
}

function isAtRisk(
  world: World,
  policy: NetworkPolicy,
  pods: Selector,
  namespace: Namespace,
  direction: Direction,
): boolean {
  if (world.mesh.podsSide(pods, namespace, 'receives') !== 'certain') return false
  const pod = imagine(policy, pods, namespace)
  const lost = (): boolean => lostPeers(imaginedIn(world, pod), pod, direction).length > 0
  if (direction === 'egress') return lost()
  // Labels that cannot be made up: nothing can be asked about such a pod.
  return !matches(pods, pod.pods.labels) || probesMayFail(world, pod) || lost()
}

function probesMayFail({ state, engine }: World, pod: Workload): boolean {
  const { seesProbeSource } = state.network
  if (seesProbeSource === 'no' || seesProbeSource === 'believed-not') return false
  const peer = {
    kind: 'addresses',
    addresses: addressSet(state.config.mesh.probeSources.slice(0, 1)),
    pods: false,
  } as const
  const everyPort = { ...NO_PORTS, TCP: portRange('TCP', 1, 65535).TCP }
  return !noPorts(subtractPorts(everyPort, engine.allows(pod, peer, 'ingress').sure))
}

/** The world in which that pod is a member of the mesh. */
function imaginedIn(world: World, pod: Workload): World {
  const own = memberOf(pod, world.state.config)
  const { member } = world.mesh
  return { ...world, mesh: { ...world.mesh, member: (one) => (one === pod ? own : member(one)) } }
}

/** The least that is known of a pod that a policy selects. */
function imagine(policy: NetworkPolicy, selector: Selector, namespace: Namespace): Workload {
  const labels = pinnedLabels(selector)
  const pods = { labels, annotations: {}, hostNetwork: false, ports: [], probes: [], labelsRoute: [] }
  return {
    ...policy,
    namespace,
    kind: 'Pod',
    id: `Pod/${namespace.name}/*`,
    pods,
    gateway: null,
    services: [],
    declaredPorts: [],
  }
}
