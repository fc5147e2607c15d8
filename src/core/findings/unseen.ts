// What the tree does not show and the verdict would need: told once, never taken for "allowed".
import { DATAPLANE_MODE, EVERYTHING } from '../kubernetes/labels.ts'
import { ISTIO_CNI_SETTING } from '../kubernetes/istio-cni-settings.ts'
import { placeOf } from '../kubernetes/origin.ts'
import type { Place } from '../kubernetes/origin.ts'
import { indexesOf } from '../policy/index-set.ts'
import { selects } from '../policy/selects.ts'
import { tierOf } from '../policy/stages.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Namespace, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import type { World } from '../analysis.ts'
import { unfilledOfNamespace, unfilledOfPods } from '../ambient/enrollment.ts'
import type { Member } from '../ambient/mesh.ts'
import { isSettledFor, selectsNothing, unseenOfCluster, unseenWorkloads } from './unseen-pods.ts'
import { namePolicies } from './words.ts'

/** By the name of the namespace that each is about, where it hangs on nothing but what is in there and on the mesh. */
export type UnseenIn = ReadonlyMap<string, readonly Problem[]>

/** What is not seen of some namespaces (null: of all), with what `before` knows of the others. */
export function unseenIn(
  world: World,
  only: ReadonlySet<string> | null = null,
  before: UnseenIn = new Map(),
): UnseenIn {
  // Where nothing enforces policies, nobody can be cut off.
  if (world.state.network.stages.length === 0) return new Map()
  const members = grouped(world.mesh.members, ({ workload }) => workload.namespace.name)
  const found = new Map(only === null ? [] : before)
  const { byNamespace } = world.index
  // Policies of the whole cluster stand in a namespace that is none.
  for (const name of only ?? new Set([...world.state.namespaces.keys(), ...byNamespace.keys()])) {
    const inside = members.get(name) ?? []
    const policies = byNamespace.get(name)
    const namespace = world.state.namespaces.get(name) ?? policies[0]?.namespace
    if (namespace === undefined) continue
    const home: Home = { namespace, members: inside, policies }
    const ofPolicies = unseenWorkloads(world, namespace, policies)
    const problems = [
      ...undescribedNamespace(world, home),
      ...unfilledLabels(world, home),
      ...closedUnselected(world, home),
      ...(ofPolicies.length > 0 ? ofPolicies : emptyNamespace(world, home)),
    ]
    if (problems.length > 0) found.set(name, problems)
    else found.delete(name)
  }
  return found
}

/** What is not seen and bears on more than one namespace. */
export function unseenAtLarge(world: World): readonly Problem[] {
  return world.state.network.stages.length === 0
    ? []
    : [...unknownEnforcement(world), ...undescribedTiers(world), ...unseenOfCluster(world)]
}

/** A namespace, and what the tree shows in it. */
interface Home {
  readonly namespace: Namespace
  readonly members: readonly Member[]
  readonly policies: readonly NetworkPolicy[]
}

/**
 * A policy that nobody evaluates, in a namespace that is described and has nothing to do with the mesh, decides about
 * traffic that stays as it was: whatever it says, nothing there needs HBONE or the probe source.
 */
export function bearsOnMesh(
  { mesh, population, state }: World,
  { code, hides }: Pick<Problem, 'code' | 'hides'>,
): boolean {
  if (code !== 'policy-not-evaluated' || hides.namespaces === 'all' || hides.namespaces.length === 0)
    return true
  return hides.namespaces.some((name) => {
    const namespace = state.namespaces.get(name)
    const index = population.namespaceIndex(name)
    if (namespace?.known !== true || index === undefined) return true
    const inside = [...indexesOf(population.matching(EVERYTHING, [[index, index + 1]]))]
    return (
      mesh.podsSide(EVERYTHING, namespace, 'sends') !== 'outside' ||
      inside.some((at) => {
        const { sends, receives } = mesh.member(population.workloads[at] as Workload)
        return sends !== 'outside' || receives !== 'outside'
      })
    )
  })
}

/** The namespaces in which policies decide: elsewhere all is open, whoever is enrolled and wherever probes come from. */
function policed({ index, state }: World): readonly string[] | 'all' {
  const isWide = index.wide.length > 0 || state.network.enforcement.mode !== 'default'
  return isWide ? 'all' : [...index.byNamespace.keys()].sort(compareText)
}

/** Pieces from elsewhere, for namespaces that are told. */
const REMOTE = [
  'carried-objects',
  'remote-base',
  'remote-chart',
  'remote-source',
  'chart-asks-for-apis',
  'chart-looks-up',
]

/** What comes from elsewhere for namespaces that have nothing to do with the mesh is told, and hides nothing that matters. */
export function withWhatItHides(world: World, problem: Problem): Problem {
  const { namespaces, under } = problem.hides
  if (problem.code === ISTIO_CNI_SETTING) return { ...problem, hides: { namespaces: policed(world) } }
  if (!REMOTE.includes(problem.code) || namespaces === 'all') return problem
  // ztunnel captures nothing there, whatever its labels are.
  const excluded = world.state.config.mesh.excludeNamespaces
  const open = namespaces.filter((name) => !excluded.includes(name))
  const hides = { namespaces: open, ...(under === undefined ? {} : { under }) }
  const bears =
    namespaces.length === 0 ||
    (open.length > 0 && bearsOnMesh(world, { ...problem, code: 'policy-not-evaluated', hides }))
  if (bears) return problem
  return problem.farther === true
    ? { ...problem, hides: { ...hides, namespaces: [] } }
    : { ...problem, moot: true }
}

/** Enrolment in a namespace that nothing describes is unknown: one problem for each, no findings. */
function undescribedNamespace(world: World, { namespace, members, policies }: Home): readonly Problem[] {
  const { state } = world
  if (namespace.known || state.config.mesh.excludeNamespaces.includes(namespace.name)) return []
  const unknown = members.filter(({ enrollment }) => enrollment.state === 'unknown')
  const forOthers = policies.filter(({ spec }) => selectsNothing(world, namespace, spec.subjects))
  const [first] = [...unknown.map(({ workload }) => workload), ...(unknown.length > 0 ? [] : forOthers)]
    .map(({ origin }) => placeOf(origin, ['metadata']))
    .sort((a, b) => compareText(a.path, b.path) || a.line - b.line)
  if (first === undefined) return []
  return [
    {
      ...first,
      code: 'namespace-not-described',
      class: 'unseen',
      message: `${state.config.paths === null ? 'Nothing in the tree' : `Nothing in the paths of the cluster ${state.config.name}`} describes the namespace ${namespace.name}, so whether its workloads are enrolled in Ambient is not known.`,
      remedy: `Add its manifest, or state its labels under clusters.${state.config.name}.assume.namespaces.${namespace.name} in .github/ambient-guard.yml.`,
      hides: { namespaces: [namespace.name] },
      wherever: true,
    },
  ]
}

/** Labels that decide about enrolment, with values that are filled in later: one problem for each object, no findings. */
function unfilledLabels({ state, mesh }: World, { namespace, members }: Home): readonly Problem[] {
  const { config } = state
  const unknown = members.filter(({ enrollment }) => enrollment.state === 'unknown')
  const told = (what: string, subject: string, at: Place | null): readonly Problem[] =>
    at === null
      ? []
      : [
          {
            ...at,
            code: 'label-not-filled-in',
            class: 'unseen',
            message: `${what}, which no label may have as its value: what it becomes, and so whether ${subject} enrolled in Ambient, is not known.`,
            remedy: 'Write the value that is applied, or leave the file out with ignorePaths.',
            hides: { namespaces: [namespace.name] },
          },
        ]
  const own = unfilledOfNamespace(namespace, config)
  const matters =
    members.length === 0
      ? mesh.podsSide(EVERYTHING, namespace, 'receives') === 'possible'
      : unknown.length > 0
  return [
    ...(own === null || !matters
      ? []
      : told(`The namespace ${namespace.name} carries ${own.mark}`, 'its workloads are', own.at)),
    ...unknown.flatMap(({ workload }) => {
      const unfilled = unfilledOfPods(workload, config)
      if (unfilled === null) return []
      return told(`Pods of ${workload.id} carry ${unfilled.mark}`, 'they are', unfilled.at)
    }),
  ]
}

/**
 * An enrolled namespace in which the tree shows no workload: what runs there comes from elsewhere, and may bring
 * policies of its own. It matters where the enrolment itself is in question. Silent where policies of
 * every pod there let through what Ambient needs.
 */
function emptyNamespace(world: World, { namespace, members }: Home): readonly Problem[] {
  const { state, mesh } = world
  const { name, origin } = namespace
  if (origin === null || members.length > 0) return []
  if (mesh.podsSide(EVERYTHING, namespace, 'receives') !== 'certain') return []
  if (DIRECTIONS.every((direction) => isSettledFor(world, namespace, direction))) return []
  const asked = state.config.enroll.includes(name)
  return [
    {
      ...placeOf(origin, ['metadata', 'labels', DATAPLANE_MODE]),
      code: 'workloads-not-in-tree',
      class: 'unseen',
      message: `The namespace ${name} is enrolled, and nothing that runs in it is in the tree: whether anything there loses mesh traffic or kubelet probes is not known.`,
      remedy: `Add its workloads and policies to the tree, or to clusters.${state.config.name}.assume.manifests.`,
      hides: { namespaces: asked ? [name] : [] },
      about: { policies: [], namespaces: [name] },
      wherever: true,
    },
  ]
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress']

/** Pods in the mesh that no policy selects, where the AWS CNI closes those: which of them it serves is not evaluated. */
function closedUnselected({ engine, state }: World, { namespace, members }: Home): readonly Problem[] {
  const { strict } = state.network
  if (strict === null) return []
  const closed = members.filter(
    ({ workload, enrollment }) =>
      enrollment.state !== 'no' &&
      !workload.pods.hostNetwork &&
      DIRECTIONS.every((direction) => engine.isolation(workload, direction) !== 'yes'),
  )
  const [first] = closed
  if (first === undefined) return []
  const others = closed.length > 1 ? `, and ${String(closed.length - 1)} more in its namespace` : ''
  return [
    {
      ...strict.at,
      code: 'strict-mode',
      class: 'unseen',
      message: `${strict.name} runs in strict mode, which closes pods that no policy selects, such as those of ${first.workload.id}${others}: what they lose is not evaluated.`,
      remedy: 'Give every pod in the mesh a policy, which then says what it admits.',
      hides: { namespaces: [namespace.name] },
    },
  ]
}

/** Cilium's mode, where the tree does not settle it: it decides about whoever is enrolled, and is nobody else's trouble. */
function unknownEnforcement({ state, mesh }: World): readonly Problem[] {
  const { at, doubt } = state.network.enforcement
  const enrolled = mesh.members.filter(({ enrollment }) => enrollment.state === 'yes')
  const namespaces = [...new Set(enrolled.map(({ workload }) => workload.namespace.name))].sort(compareText)
  if (at === null || doubt === null || namespaces.length === 0) return []
  return [
    {
      ...at,
      code: 'enforcement-mode-unknown',
      class: 'unseen',
      message: `In which mode Cilium enforces policies is not known: ${doubt}.`,
      remedy: `Set clusters.${state.config.name}.cilium.policyEnforcementMode in .github/ambient-guard.yml.`,
      hides: { namespaces },
    },
  ]
}

/**
 * A tier of Calico that policies name and nothing describes: where it stands, and what it does at its end, is not known.
 * One problem for each, where a policy in it selects pods that have to do with the mesh.
 */
function undescribedTiers({ index, state, mesh }: World): readonly Problem[] {
  if (!state.network.stages.includes('calico-tiers')) return []
  const inTiers = index.tiered.filter((policy) => !state.tiers.has(tierOf(policy)))
  if (inTiers.length === 0) return []
  const inMesh = mesh.members.filter(({ sends, receives }) => sends !== 'outside' || receives !== 'outside')
  return [...grouped(inTiers, tierOf)].flatMap(([tier, policies]): Problem[] => {
    const selected = inMesh.filter(({ workload }) =>
      policies.some((policy) => selects(policy, workload) !== 'no'),
    )
    const bearing = policies.filter((policy) =>
      selected.some(({ workload }) => selects(policy, workload) !== 'no'),
    )
    const [first] = bearing
      .map(({ origin }) => placeOf(origin, ['spec', 'tier']))
      .sort((a, b) => compareText(a.path, b.path) || a.line - b.line)
    if (first === undefined) return []
    const one = bearing.length === 1
    const namespaces = [...new Set(selected.map(({ workload }) => workload.namespace.name))]
    return [
      {
        ...first,
        code: 'tier-not-described',
        class: 'unseen',
        message: `${namePolicies(bearing)} ${one ? 'is' : 'are'} in the tier ${tier}, which nothing in the tree describes: before or after which other policies ${one ? 'it decides' : 'they decide'} is not known.`,
        remedy: `Add the Tier to the tree, or to clusters.${state.config.name}.assume.manifests.`,
        hides: { namespaces: namespaces.sort(compareText) },
      },
    ]
  })
}
