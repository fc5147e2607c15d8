// Who is in Ambient, and why. The rule is that of istio-cni: pkg/util/enablement_selector.go
// (CompiledEnablementSelectors.Matches) behind the exclusions of pkg/nodeagent/informers.go.
import type { ClusterConfig } from '../config.ts'
import { DATAPLANE_MODE, NAMESPACE_NAME_LABEL, label, matches, matchesPartly } from '../kubernetes/labels.ts'
import type { Labels, Match, Selector } from '../kubernetes/labels.ts'
import { placeOf } from '../kubernetes/origin.ts'
import type { Origin, Place } from '../kubernetes/origin.ts'
import type { Route } from '../yaml/types.ts'
import { rootField, selectorField } from '../kubernetes/field.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { wouldBeInjected } from './injection.ts'

export interface Enrollment {
  readonly state: 'yes' | 'no' | 'unknown'
  /** What decides, for a sentence: "its namespace carries istio.io/dataplane-mode: ambient". */
  readonly because: string
  /** Where that stands, if it stands in the tree. */
  readonly at: Place | null
}

interface EnablementSelector {
  readonly pods: Selector
  readonly namespaces: Selector
}

/** manifests/charts/istio-cni/values.yaml, ambient.enablementSelectors. */
const DEFAULT_SELECTORS: readonly EnablementSelector[] = [
  { pods: [{ key: DATAPLANE_MODE, operator: 'In', values: ['ambient'] }], namespaces: [] },
  {
    pods: [{ key: DATAPLANE_MODE, operator: 'NotIn', values: ['none'] }],
    namespaces: [{ key: DATAPLANE_MODE, operator: 'In', values: ['ambient'] }],
  },
]

/** Is a workload enrolled? Unknown where the answer hangs on a namespace that nothing describes. */
export function enrollment(workload: Workload, config: ClusterConfig): Enrollment {
  const { pods, namespace } = workload
  const no = (because: string): Enrollment => ({ state: 'no', because, at: null })
  if (pods.hostNetwork) return no('its pods use the host network')
  if (config.mesh.excludeNamespaces.includes(namespace.name))
    return no(`the mesh excludes the namespace ${namespace.name}`)
  // ztunnel itself is never enrolled (cni/pkg/util/podutil.go, IsZtunnelPod).
  if (namespace.name === 'istio-system' && label(pods.labels, 'app') === 'ztunnel') return no('it is ztunnel')
  const injected = wouldBeInjected(pods, namespace)
  if (injected === 'yes') return no('a sidecar would be injected into its pods')
  const matched = matchSelectors(pods.labels, namespace, config)
  if (matched === 'no') return no('nothing enrols it')
  if (matched === 'maybe' || injected === 'maybe') {
    return {
      state: 'unknown',
      because: `nothing in the tree describes the namespace ${namespace.name}`,
      at: null,
    }
  }
  return enrolled(workload, config)
}

/** Would pods with these labels be enrolled in a namespace? For pods that the tree does not show. */
export function podsEnrolled(labels: Labels, namespace: Namespace, config: ClusterConfig): boolean {
  return (
    !config.mesh.excludeNamespaces.includes(namespace.name) &&
    wouldBeInjected({ labels, annotations: {}, hostNetwork: false }, namespace) === 'no' &&
    matchSelectors(labels, namespace, config) === 'yes'
  )
}

/** What a known namespace says of enrolment: namespaces that say the same enrol the same pods. */
export function enrollmentKind({ name, labels }: Namespace, config: ClusterConfig): readonly unknown[] {
  return [
    config.mesh.excludeNamespaces.includes(name),
    ...selectorsOf(config).map(({ namespaces }) => matches(namespaces, labels)),
  ]
}

function matchSelectors(podLabels: Labels, namespace: Namespace, config: ClusterConfig): Match {
  let result: Match = 'no'
  for (const selector of selectorsOf(config)) {
    if (!matches(selector.pods, podLabels)) continue
    const here = namespace.known
      ? matches(selector.namespaces, namespace.labels)
        ? 'yes'
        : 'no'
      : matchesPartly(selector.namespaces, { [NAMESPACE_NAME_LABEL]: namespace.name })
    if (here === 'yes') return 'yes'
    if (here === 'maybe') result = 'maybe'
  }
  return result
}

function selectorsOf(config: ClusterConfig): readonly EnablementSelector[] {
  const configured = config.mesh.enablementSelectors
  if (configured === null) return DEFAULT_SELECTORS
  return configured.map(({ podSelector, namespaceSelector }) => ({
    pods: selectorField(rootField(podSelector)),
    namespaces: selectorField(rootField(namespaceSelector)),
  }))
}

function enrolled(workload: Workload, { enroll }: ClusterConfig): Enrollment {
  const { pods, namespace, origin } = workload
  if (label(pods.labels, DATAPLANE_MODE) === 'ambient') {
    const because = `its pods carry ${DATAPLANE_MODE}: ambient`
    return saidAt(because, origin, [...pods.labelsRoute, DATAPLANE_MODE])
  }
  if (enroll.includes(namespace.name))
    return said(`as if the namespace ${namespace.name} carried ${DATAPLANE_MODE}: ambient`)
  if (label(namespace.labels, DATAPLANE_MODE) !== 'ambient')
    return said('a configured enablement selector matches it')
  if (namespace.origin === null)
    return said(`the namespace ${namespace.name} is assumed to carry ${DATAPLANE_MODE}: ambient`)
  const because = `the namespace ${namespace.name} carries ${DATAPLANE_MODE}: ambient`
  return saidAt(because, namespace.origin, ['metadata', 'labels', DATAPLANE_MODE])
}

function said(because: string): Enrollment {
  return { state: 'yes', because, at: null }
}

/** The place is looked for once somebody asks: most workloads are enrolled and nobody ever does. */
function saidAt(because: string, origin: Origin, route: Route): Enrollment {
  return {
    state: 'yes',
    because,
    get at() {
      return placeOf(origin, route)
    },
  }
}
