// Who is in Ambient, and why. The rule is that of istio-cni: pkg/util/enablement_selector.go
// (CompiledEnablementSelectors.Matches) behind the exclusions of pkg/nodeagent/informers.go.
import type { ClusterConfig } from '../config.ts'
import {
  DATAPLANE_MODE,
  NAMESPACE_NAME_LABEL,
  isUnfilled,
  label,
  matchesFilled,
  matchesPartly,
  weaker,
} from '../kubernetes/labels.ts'
import type { Labels, Match, Selector } from '../kubernetes/labels.ts'
import { placeOf } from '../kubernetes/origin.ts'
import type { Origin, Place } from '../kubernetes/origin.ts'
import type { Route } from '../yaml/types.ts'
import { rootField, selectorField } from '../kubernetes/field.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { INJECT, NAMESPACE_INJECTION, wouldBeInjected } from './injection.ts'

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

/**
 * Is a workload enrolled? Unknown where the answer hangs on a namespace that nothing describes, or on a label whose value
 * is filled in later.
 */
export function enrollment(workload: Workload, config: ClusterConfig): Enrollment {
  const { pods, namespace } = workload
  const no = (because: string): Enrollment => ({ state: 'no', because, at: null })
  if (pods.hostNetwork) return no('its pods use the host network')
  // istio-cni runs on Linux alone (manifests/charts/istio-cni/templates/daemonset.yaml, nodeSelector).
  if (pods.windows === true) return no('its pods run on Windows, where there is no Ambient')
  if (config.mesh.excludeNamespaces.includes(namespace.name))
    return no(`the mesh excludes the namespace ${namespace.name}`)
  // ztunnel itself is never enrolled (cni/pkg/util/podutil.go, IsZtunnelPod).
  if (namespace.name === 'istio-system' && label(pods.labels, 'app') === 'ztunnel') return no('it is ztunnel')
  const injected = wouldBeInjected(pods, namespace)
  if (injected === 'yes') return no('a sidecar would be injected into its pods')
  const matched = matchSelectors(pods.labels, namespace, config)
  if (matched === 'no') return no('nothing enrols it')
  if (matched === 'maybe' || injected === 'maybe') {
    const unknown = (because: string, at: Place | null): Enrollment => ({ state: 'unknown', because, at })
    const around = unfilledOfNamespace(namespace, config)
    if (around !== null) return unknown(`the namespace ${namespace.name} carries ${around.mark}`, around.at)
    const own = unfilledOfPods(workload, config)
    return own === null || !namespace.known
      ? unknown(`nothing in the tree describes the namespace ${namespace.name}`, null)
      : unknown(`its pods carry ${own.mark}`, own.at)
  }
  return enrolled(workload, config)
}

/** A label that bears on enrolment and says nothing yet; `at` is null where it stands outside the tree. */
export interface Unfilled {
  /** `istio.io/dataplane-mode: ${MODE}`. */
  readonly mark: string
  readonly at: Place | null
}

/** The first such label of a namespace; null where there is none. */
export function unfilledOfNamespace({ labels, origin }: Namespace, config: ClusterConfig): Unfilled | null {
  const keys = selectorsOf(config).flatMap(({ namespaces }) => namespaces.map(({ key }) => key))
  const key = [...keys, NAMESPACE_INJECTION].find((one) => isUnfilled(label(labels, one)))
  if (key === undefined) return null
  return {
    mark: `${key}: ${label(labels, key) ?? ''}`,
    at: origin === null ? null : placeOf(origin, ['metadata', 'labels', key]),
  }
}

/** The first such label, or annotation, of the pods of a workload; null where there is none. */
export function unfilledOfPods({ pods, origin }: Workload, config: ClusterConfig): Unfilled | null {
  const keys = selectorsOf(config).flatMap((selector) => selector.pods.map(({ key }) => key))
  const found = [
    ...[...keys, INJECT].map((key) => ({ home: 'labels', key, value: label(pods.labels, key) })),
    { home: 'annotations', key: INJECT, value: label(pods.annotations, INJECT) },
  ].find(({ value }) => isUnfilled(value))
  if (found === undefined) return null
  const { home, key, value } = found
  return {
    mark: `${key}: ${value ?? ''}`,
    at: placeOf(origin, [...pods.labelsRoute.slice(0, -1), home, key]),
  }
}

/** Would pods with these labels be enrolled in a namespace? For pods that the tree does not show. */
export function podsEnrolled(labels: Labels, namespace: Namespace, config: ClusterConfig): Match {
  if (config.mesh.excludeNamespaces.includes(namespace.name)) return 'no'
  const injected = wouldBeInjected({ labels, annotations: {}, hostNetwork: false }, namespace)
  if (injected === 'yes') return 'no'
  return weaker(injected === 'no' ? 'yes' : 'maybe', matchSelectors(labels, namespace, config))
}

/** What a known namespace says of enrolment: namespaces that say the same enrol the same pods. */
export function enrollmentKind({ name, labels }: Namespace, config: ClusterConfig): readonly unknown[] {
  return [
    config.mesh.excludeNamespaces.includes(name),
    ...selectorsOf(config).map(({ namespaces }) => matchesFilled(namespaces, labels)),
  ]
}

function matchSelectors(podLabels: Labels, namespace: Namespace, config: ClusterConfig): Match {
  let result: Match = 'no'
  for (const selector of selectorsOf(config)) {
    const pods = matchesFilled(selector.pods, podLabels)
    if (pods === 'no') continue
    const around = namespace.known
      ? matchesFilled(selector.namespaces, namespace.labels)
      : matchesPartly(selector.namespaces, { [NAMESPACE_NAME_LABEL]: namespace.name })
    const here = weaker(pods, around)
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
