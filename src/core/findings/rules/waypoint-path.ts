// Traffic goes through a waypoint, and one of its two connections, client to waypoint or waypoint to workload, finds
// its port shut: that of HBONE, or, to a workload outside the mesh, the workload's own. Source: istio architecture/ambient (waypoints accept and send HBONE with their own pod IPs).
import type { World } from '../../analysis.ts'
import type { Enrollment } from '../../ambient/enrollment.ts'
import { wouldBeInjected } from '../../ambient/injection.ts'
import { USE_WAYPOINT, label } from '../../kubernetes/labels.ts'
import type { Labels } from '../../kubernetes/labels.ts'
import type { Direction } from '../../kubernetes/kinds/policy.ts'
import { placeOf } from '../../kubernetes/origin.ts'
import type { Origin } from '../../kubernetes/origin.ts'
import type { Workload } from '../../kubernetes/state.ts'
import { grouped } from '../../source/grouped.ts'
import { compareText } from '../../source/problem.ts'
import { hasDenial } from '../closing.ts'
import { fingerprint } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { namesOf } from '../lost-names.ts'
import type { StateRule } from '../rule.ts'
import { enrolled, list, nameClosers, namePeers } from '../words.ts'
import { endsAtWaypoints } from '../ends-at-waypoints.ts'
import { endsBeforeEntries } from '../ends-before-entries.ts'
import { endsBeforeWaypoints } from '../ends-before-waypoints.ts'
import { endsOfDetours } from '../ends-of-detours.ts'
import { endsPastWaypoints } from '../ends-past-waypoints.ts'
import { ANY_WAYPOINT } from '../waypoint-end.ts'
import type { ClosedEnd } from '../waypoint-end.ts'

export const waypointPath: StateRule = {
  id: 'waypoint-path',
  judges: 'state',
  hangsOn: 'any',
  check: (world) => {
    const reasons = reasonsOf(world)
    const byEnd = grouped(
      closedEnds(world),
      ({ end, direction, port }) => `${end.id} ${direction} ${String(port)}`,
    )
    return [...byEnd.values()].flatMap((ends) => asFinding(world, ends, reasons))
  },
  checkChange: (base, head) => {
    if (base.population === head.population) return []
    const told = new Set(head.findings.filter(({ rule }) => rule === 'waypoint-path').map(fingerprint))
    const reasons = reasonsOf(head)
    const byEnd = grouped(endsOfDetours(base, head), ({ end }) => end.id)
    return [...byEnd.values()]
      .flatMap((ends) => asFinding(head, ends, reasons))
      .filter((finding) => !told.has(fingerprint(finding)))
  },
}

/** Every closed end, by end, direction, port and waypoint in a fixed order. */
function closedEnds(world: World): readonly ClosedEnd[] {
  return [
    ...endsBeforeWaypoints(world),
    ...endsBeforeEntries(world),
    ...endsAtWaypoints(world),
    ...endsPastWaypoints(world),
  ].sort(
    (a, b) =>
      compareText(a.end.id, b.end.id) ||
      compareText(a.direction, b.direction) ||
      a.port - b.port ||
      compareText(a.waypoint.id, b.waypoint.id) ||
      compareText(a.before, b.before),
  )
}

/** One finding for an end, a direction and a port: what is certain goes before what is only possible. */
function asFinding(world: World, all: readonly ClosedEnd[], reasons: Reasons): readonly Finding[] {
  const certain = all.filter(({ lost }) => lost.certainty === 'certain')
  const ends = certain.length > 0 ? certain : all
  const [first] = ends
  if (first === undefined) return []
  const { end, direction, port } = first
  const lost = ends.map((one) => one.lost)
  const peers = namesOf(lost, world.population)
  const culprits = new Map(
    [...ends, ...all]
      .flatMap((one) => one.culprits)
      .map((culprit) => [`${culprit.policy.id} ${String(culprit.rule?.index)}`, culprit]),
  )
  return [
    {
      rule: 'waypoint-path',
      severity: certain.length > 0 ? 'error' : 'warning',
      lowered: certain.length === 0,
      certainty: certain.length > 0 ? 'certain' : 'possible',
      cluster: world.state.config.name,
      workload: end,
      direction,
      port,
      protocol: 'TCP',
      peers,
      lost,
      culprits: [...culprits.values()],
      isolatedBy: world.engine.isolating(end, direction),
      enrolledBy: [...new Set(ends.flatMap(({ before }) => [end.id, before]))].flatMap(reasons),
      workloadRoutes: [end.pods.labelsRoute],
      message: sentence(world, ends, peers),
    },
  ]
}

/** Why the way leads through a waypoint: enrolments, and labels that attach what it stands before, by its id. */
type Reasons = (id: string) => readonly Enrollment[]

function reasonsOf({ mesh, state }: World): Reasons {
  const workloads = new Map(state.workloads.map((workload) => [workload.id, workload]))
  const entries = new Map(state.serviceEntries.map((entry) => [entry.id, entry]))
  return (id) => {
    const workload = workloads.get(id)
    const entry = entries.get(id)
    const object = workload ?? entry
    if (object === undefined) return []
    const enrollment = workload === undefined ? [] : [mesh.member(workload).enrollment]
    const { name, labels, origin } = object.namespace
    return [
      ...enrollment.filter(({ state: is }) => is === 'yes'),
      ...(workload?.services ?? []).flatMap((one) => attached(one.id, one.spec.labels, one.origin)),
      ...(entry === undefined ? [] : attached(entry.id, entry.spec.labels, entry.origin)),
      ...(origin === null ? [] : attached(`the namespace ${name}`, labels, origin)),
    ]
  }
}

function attached(who: string, labels: Labels, origin: Origin): readonly Enrollment[] {
  const waypoint = label(labels, USE_WAYPOINT)
  if (waypoint === undefined) return []
  const because = `${who} carries ${USE_WAYPOINT}: ${waypoint}`
  return [
    {
      state: 'yes',
      because,
      // Looked for once somebody asks.
      get at() {
        return placeOf(origin, ['metadata', 'labels', USE_WAYPOINT])
      },
    },
  ]
}

/** What a sentence begins with: what the workload has to do with the mesh. */
function standingOf({ mesh }: World, end: Workload, direction: Direction): string {
  const { enrollment, receives } = mesh.member(end)
  if (enrollment.state === 'yes') return enrolled(end, enrollment)
  if (direction === 'egress')
    return `${end.id} has a proxy of the mesh, which takes waypoints where it is told to`
  if (receives === 'certain') return `${end.id} has a sidecar that takes HBONE`
  if (receives === 'possible') return `${end.id} may take HBONE or not`
  return wouldBeInjected(end.pods, end.namespace) === 'no'
    ? `${end.id} takes no HBONE`
    : `${end.id} has a sidecar, which may take HBONE or not`
}

function sentence(world: World, ends: readonly ClosedEnd[], peers: readonly string[]): string {
  const [first] = ends
  if (first === undefined) return ''
  const { end, direction, waypoint, lost } = first
  const port = `${String(first.port)}/TCP`
  const culprits = ends.flatMap((each) => each.culprits)
  // Those that let the traffic in or out, and fall short; where none does, those that keep it in.
  const deciding = culprits.filter(({ rule }) => rule !== null)
  const guilty = (deciding.length > 0 ? deciding : culprits).map(({ policy }) => policy)
  const policies = nameClosers(guilty, world.state.network)
  const one = new Set(guilty).size <= 1
  const many = peers.includes(ANY_WAYPOINT)
  const before = `${many ? 'workloads such as ' : ''}${list([...new Set(ends.map((each) => each.before))])}`
  const waypoints = [...new Set(ends.map((each) => each.waypoint.id))]
  const which = many
    ? `waypoints such as ${list(waypoints)}`
    : `the ${waypoints.length === 1 ? 'waypoint' : 'waypoints'} ${list(waypoints)}`
  const sure = lost.certainty === 'certain'
  const inDoubt = !sure && ends.every((each) => each.lost.doubt === 'rule')
  const fate = sure
    ? 'those connections time out.'
    : inDoubt
      ? 'whether those connections time out is not known from the tree.'
      : waypoint.shown
        ? 'what comes that way is cut off; whether anything does is not known from the tree.'
        : 'if that waypoint runs, those connections time out; the tree does not show its pods.'
  const admit = one ? 'admits' : 'admit'
  const refuse = one ? 'does not' : 'do not'
  const keep = inDoubt ? 'may keep' : one ? 'keeps' : 'keep'
  const isDenied = hasDenial(culprits)
  if (end === waypoint.pods) {
    const whom = peers.includes('any') ? 'everybody' : namePeers(peers)
    const fact =
      isDenied || inDoubt
        ? `${keep} ${whom} out`
        : whom === 'everybody'
          ? `${admit} nobody`
          : `${refuse} admit ${whom}`
    return direction === 'ingress'
      ? `${end.id} is the waypoint of ${before}, and its clients arrive on ${port}. ${policies} ${fact} there: ${fate}`
      : `${end.id} is the waypoint of ${before}, and passes traffic on to ${port} there. ${policies} ${inDoubt ? 'may not' : refuse} let it through: ${fate}`
  }
  const standing = standingOf(world, end, direction)
  const way = `${sure ? 'goes' : 'may go'} through ${which}`
  // What the rules mean that let the traffic through is overruled: they are not named.
  if (isDenied || deciding.length === 0) {
    return direction === 'ingress'
      ? `${standing}, and traffic to it ${way}, which arrives on ${port}. There ${policies} ${keep} it out: ${fate}`
      : `${standing}. Policies let it reach ${before}; traffic there ${way}, from which ${policies} ${keep} it on ${port}: ${fate}`
  }
  const named = [...new Set(ends.flatMap((each) => each.named ?? []))]
  const admitted = !ends.every((each) => each.named?.length)
    ? 'clients that come that way, but not the waypoint itself'
    : `${list(named)}, but not${named.every((id) => waypoints.includes(id)) ? '' : ' that waypoint'}`
  return direction === 'ingress'
    ? `${standing}, and traffic to it ${way}. ${policies} ${admit} ${admitted} on ${port}: ${fate}`
    : `${standing}. ${policies} ${one ? 'lets' : 'let'} it reach ${before}; traffic there ${way}, which no policy lets it reach on ${port}: ${fate}`
}
