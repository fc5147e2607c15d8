// Labels of Ambient that do not do what they say: on objects whose labels nobody reads, with values that nobody
// knows, or written by hand where istio-cni writes at run time (istio cni/pkg/util/enablement_selector.go and
// cni/pkg/util/podutil.go, AnnotateEnrolledPod).
import type { World } from '../../analysis.ts'
import type { Enrollment } from '../../ambient/enrollment.ts'
import { get, labelsField, rootField } from '../../kubernetes/field.ts'
import { DATAPLANE_MODE, isUnfilled, label } from '../../kubernetes/labels.ts'
import { placeOf } from '../../kubernetes/origin.ts'
import type { Field } from '../../kubernetes/field.ts'
import type { Named, Workload } from '../../kubernetes/state.ts'
import type { Route } from '../../yaml/types.ts'
import type { Finding } from '../finding.ts'
import type { StateRule } from '../rule.ts'
import { list } from '../words.ts'

export const enrollmentLabel: StateRule = {
  id: 'enrollment-label',
  judges: 'state',
  hangsOn: 'none',
  check: (world) => {
    const { carriers, workloads } = world.state
    const found = [
      ...carriers.map((carrier) => ({
        carrier,
        remarks:
          carrier.kind === 'Namespace' ? ofNamespace(world, carrier) : ofService(world, carrier, workloads),
      })),
      ...workloads.map((carrier) => ({ carrier, remarks: ofWorkload(world, carrier) })),
    ]
    return found
      .map(({ carrier, remarks }) => ({ carrier, remarks: [...remarks, ...marksOf(carrier).mistaken] }))
      .filter(({ carrier, remarks }) => carrier.origin.editable && remarks.length > 0)
      .map(({ carrier, remarks }) => asFinding(world, carrier, remarks))
  },
}

/** What is wrong with a label or annotation, and where it stands in its object. */
interface Remark {
  readonly route: Route
  readonly text: string
}

const OWN: Route = ['metadata', 'labels']

/** What an object carries, read once for all states that hold it. */
interface Marks {
  /** The value of its own label, the pod template's aside. */
  readonly mode: string | undefined
  /** What is wrong whatever else holds. */
  readonly mistaken: readonly Remark[]
}

const KNOWN = new WeakMap<Named['object'], Marks>()

function marksOf(carrier: Named | Workload): Marks {
  const known = KNOWN.get(carrier.object)
  if (known !== undefined) return known
  const root = rootField(carrier.object)
  const template = 'pods' in carrier ? templateOf(carrier) : null
  const marks: Marks = {
    mode: label(labelsField(get(get(root, 'metadata'), 'labels')), DATAPLANE_MODE),
    mistaken: [['metadata'], ...(template === null ? [] : [template])].flatMap((home) =>
      (['annotations', 'labels'] as const).flatMap((key) => mistakesIn(root, [...home, key])),
    ),
  }
  KNOWN.set(carrier.object, marks)
  return marks
}

const REDIRECTION = 'ambient.istio.io/redirection'

function mistakesIn(root: Field, home: Route): readonly Remark[] {
  const labels = labelsField(home.reduce((at, part) => get(at, String(part)), root))
  const remark = (key: string, text: string): Remark[] => {
    const value = label(labels, key)
    return value === undefined ? [] : [{ route: [...home, key], text: `${key}: ${value}, which ${text}` }]
  }
  const misspelt = Object.keys(labels)
    .filter((key) => isMisspelt(key) && ['ambient', 'none'].includes(label(labels, key) ?? ''))
    .flatMap((key) => remark(key, `nobody reads: the label is ${DATAPLANE_MODE}`))
  return [
    ...misspelt,
    ...remark(
      REDIRECTION,
      'istio-cni writes on running pods and nobody else should: where ztunnel does not serve a pod, it has HBONE announced and nobody listens',
    ),
    ...(home.at(-1) === 'annotations'
      ? remark(DATAPLANE_MODE, 'is an annotation here and read by nobody: it must be a label')
      : []),
  ]
}

/** Nearly the key of the label: other marks between its words, capitals, half of the prefix or none. */
function isMisspelt(key: string): boolean {
  return key !== DATAPLANE_MODE && /^(?:[a-z.]*istio[a-z.]*\/)?data[-_.]?plane[-_.]?mode$/i.test(key)
}

/** What is filled in later is not known, and with selectors of one's own, other values may mean something. */
function mayMean(value: string, { state }: World): boolean {
  return isUnfilled(value) || state.config.mesh.enablementSelectors !== null
}

function ofNamespace(world: World, carrier: Named): readonly Remark[] {
  const value = marksOf(carrier).mode
  const remark = (text: string): Remark[] => [{ route: [...OWN, DATAPLANE_MODE], text: written(value, text) }]
  if (value === undefined || value === 'none' || mayMean(value, world)) return []
  if (value !== 'ambient') return remark('enrols nothing: the value must be ambient')
  return world.state.config.mesh.excludeNamespaces.includes(carrier.name)
    ? remark('has no effect: the mesh excludes this namespace')
    : []
}

/** A Service enrols nobody; it is left alone where its pods are what the label says. */
function ofService(world: World, carrier: Named, workloads: readonly Workload[]): readonly Remark[] {
  const value = marksOf(carrier).mode
  if (value === undefined) return []
  const pods = workloads.filter(({ services }) => services.some(({ id }) => id === carrier.id))
  const agrees =
    pods.length > 0
      ? pods.every((workload) => isAs(value, world.mesh.member(workload).enrollment))
      : label(carrier.namespace.labels, DATAPLANE_MODE) === value
  if (agrees) return []
  const text = written(value, 'has no effect on a Service: only labels of namespaces and of pods count')
  return [{ route: [...OWN, DATAPLANE_MODE], text }]
}

/** Where the metadata of the pod template stand; null where they are the object's own. */
function templateOf({ pods, gateway }: Workload): Route | null {
  return gateway !== null || pods.labelsRoute.length === OWN.length ? null : pods.labelsRoute.slice(0, -1)
}

function ofWorkload(world: World, carrier: Workload): readonly Remark[] {
  const { pods, gateway } = carrier
  const { enrollment } = world.mesh.member(carrier)
  const value = label(pods.labels, DATAPLANE_MODE)
  const own = marksOf(carrier).mode
  // Labels of a Gateway reach the pods that Istio makes of it; those of other objects stay where they are.
  if (value === undefined && own !== undefined && gateway === null && !isAs(own, enrollment)) {
    const text = `has no effect on a ${carrier.kind}: only labels of the pod template count, and its pods are ${enrollment.state === 'yes' ? 'enrolled' : 'not enrolled'} (${enrollment.because})`
    return [{ route: [...OWN, DATAPLANE_MODE], text: written(own, text) }]
  }
  const remark = (text: string): Remark[] => [
    { route: [...pods.labelsRoute, DATAPLANE_MODE], text: written(value, text) },
  ]
  if (value === undefined || value === 'none' || mayMean(value, world)) return []
  if (value === 'ambient')
    return enrollment.state === 'no' ? remark(`has no effect on its pods: ${enrollment.because}`) : []
  return enrollment.state === 'yes'
    ? remark('leaves its pods enrolled: only none takes them out')
    : remark('does not enrol its pods: the value must be ambient')
}

/** Is a workload what the value of the label says? Also where that is not known, or the value says nothing. */
function isAs(value: string, { state }: Enrollment): boolean {
  if (value === 'ambient') return state !== 'no'
  return value !== 'none' || state !== 'yes'
}

function written(value: string | undefined, text: string): string {
  return `${DATAPLANE_MODE}: ${value === '' ? '""' : (value ?? '')}, which ${text}`
}

function asFinding({ state }: World, carrier: Named, remarks: readonly Remark[]): Finding {
  const said = remarks.map(({ route, text }) => {
    const { path, line } = placeOf(carrier.origin, route)
    return `${text} (${path}:${String(line)})`
  })
  return {
    rule: 'enrollment-label',
    severity: 'note',
    lowered: false,
    certainty: 'certain',
    cluster: state.config.name,
    workload: carrier,
    direction: 'ingress',
    port: state.config.mesh.hbonePort,
    protocol: 'TCP',
    peers: [],
    lost: [],
    culprits: [],
    isolatedBy: [],
    enrolledBy: [],
    workloadRoutes: remarks.map(({ route }) => route),
    message: `${carrier.id} carries ${list(said, 10)}.`,
  }
}
