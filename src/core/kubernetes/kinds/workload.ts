// Workloads: everything whose template becomes pods. Only what decides reachability is read: labels of
// the pods, their ports and their probes.
import { absent, describe, fault, get, integer, items, labelsField, nameOf, text } from '../field.ts'
import type { Field } from '../field.ts'
import { SERVICE_ACCOUNT } from '../labels.ts'
import type { Labels } from '../labels.ts'
import { givenLabels } from './given-labels.ts'
import type { GivenLabels } from './given-labels.ts'
import { readProtocol } from './network-policy.ts'
import type { Protocol } from '../port-set.ts'
import type { Route } from '../../yaml/types.ts'

export interface ContainerPort {
  readonly name: string | null
  readonly port: number
  readonly protocol: Protocol
}

/** A probe or lifecycle hook that the kubelet carries over the network to the pod's own address. */
export interface Probe {
  readonly field: 'startupProbe' | 'readinessProbe' | 'livenessProbe' | 'postStart' | 'preStop'
  readonly handler: 'httpGet' | 'tcpSocket' | 'grpc'
  readonly container: string
  /** TCP port. */
  readonly port: number
  readonly route: Route
}

/** The pods of a workload; all of them look alike to a policy, but for what is given to each. */
export interface PodTemplate {
  readonly labels: Labels
  /** What their controller adds; left out: nothing. */
  readonly given?: GivenLabels
  readonly annotations: Labels
  /** Is there never more than one at a time? Left out: there may be others. */
  readonly single?: true
  readonly hostNetwork: boolean
  /** Do its pods run on nodes with Windows? */
  readonly windows?: true
  readonly ports: readonly ContainerPort[]
  readonly probes: readonly Probe[]
  /** Where the labels stand in the manifest. */
  readonly labelsRoute: Route
}

/** Where each kind keeps its pod template, by API group. A Pod is its own template. */
const TEMPLATES: Readonly<Record<string, Route>> = {
  'v1/Pod': [],
  'apps/Deployment': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'apps/DaemonSet': ['spec', 'template'],
  'batch/Job': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'v1/ReplicationController': ['spec', 'template'],
  'argoproj.io/Rollout': ['spec', 'template'],
  'apps.openshift.io/DeploymentConfig': ['spec', 'template'],
  'apps.kruise.io/CloneSet': ['spec', 'template'],
  'apps.kruise.io/StatefulSet': ['spec', 'template'],
  'apps.kruise.io/DaemonSet': ['spec', 'template'],
}

export const WORKLOAD_KINDS: readonly string[] = Object.keys(TEMPLATES)

/** Reads the pods of a workload of the kind `group/Kind`; what is invalid is left in the faults. */
export function readPodTemplate(root: Field, groupKind: string): PodTemplate {
  const template = (TEMPLATES[groupKind] ?? []).reduce<Field>((field, key) => get(field, String(key)), root)
  const metadata = get(template, 'metadata')
  const spec = get(template, 'spec')
  const regular = items(get(spec, 'containers'))
  // A native sidecar is an init container that keeps running (KEP-753); only those may have probes.
  const sidecars = items(get(spec, 'initContainers')).filter(
    (init) => get(init, 'restartPolicy').value === 'Always',
  )
  const containers = [...regular, ...sidecars].map((container) => ({
    field: container,
    name: text(get(container, 'name')) ?? '',
    ports: items(get(container, 'ports')).flatMap((port) => readContainerPort(port) ?? []),
  }))
  return {
    labels: {
      ...labelsField(get(metadata, 'labels')),
      [SERVICE_ACCOUNT]:
        text(get(spec, 'serviceAccountName')) ?? text(get(spec, 'serviceAccount')) ?? 'default',
    },
    given: givenLabels(groupKind, nameOfWorkload(root), hasOwnSelector(root, groupKind)),
    annotations: labelsField(get(metadata, 'annotations')),
    ...(isSingle(root, groupKind) ? { single: true as const } : {}),
    hostNetwork: get(spec, 'hostNetwork').value === true,
    ...(isForWindows(spec) ? { windows: true as const } : {}),
    ports: containers.flatMap((container) => container.ports),
    probes: containers.flatMap(({ field, name, ports }) => readProbes(field, name, ports)),
    labelsRoute: get(metadata, 'labels').route,
  }
}

/** By the field that says so, or by the label that every kubelet puts on its node. */
function isForWindows(spec: Field): boolean {
  const node = get(get(spec, 'nodeSelector'), 'kubernetes.io/os')
  return [get(get(spec, 'os'), 'name'), node].some(({ value }) => value === 'windows')
}

/** A Pod, or a Job that runs one: of what is called by a generated name there may be more. */
function isSingle(root: Field, groupKind: string): boolean {
  if (nameOfWorkload(root) === null) return false
  const { value: parallelism } = get(get(root, 'spec'), 'parallelism')
  return groupKind === 'v1/Pod' || (groupKind === 'batch/Job' && (parallelism ?? 1) === 1)
}

function nameOfWorkload(root: Field): string | null {
  const { value } = get(get(root, 'metadata'), 'name')
  return typeof value === 'string' && value !== '' ? value : null
}

/** Does a Job, or those of a CronJob, tell its pods by a selector that is written, and not by its own name? */
function hasOwnSelector(root: Field, groupKind: string): boolean {
  const spec = get(root, 'spec')
  const job = groupKind === 'batch/CronJob' ? get(get(spec, 'jobTemplate'), 'spec') : spec
  return groupKind.startsWith('batch/') && get(job, 'manualSelector').value === true
}

function readContainerPort(entry: Field): ContainerPort | null {
  const port = integer(get(entry, 'containerPort'), 1, 65535)
  if (port === undefined) {
    if (absent(get(entry, 'containerPort'))) fault(entry, `${nameOf(entry)} has no containerPort`)
    return null
  }
  return { port, name: text(get(entry, 'name')) ?? null, protocol: readProtocol(get(entry, 'protocol')) }
}

function readProbes(container: Field, name: string, ports: readonly ContainerPort[]): readonly Probe[] {
  const fields = [
    ...(['startupProbe', 'readinessProbe', 'livenessProbe'] as const).map(
      (key) => [key, get(container, key)] as const,
    ),
    ...(['postStart', 'preStop'] as const).map(
      (key) => [key, get(get(container, 'lifecycle'), key)] as const,
    ),
  ]
  return fields.flatMap(([field, probe]) => {
    // Lifecycle hooks know httpGet alone; the deprecated tcpSocket of a hook is never carried out.
    const handlers =
      field === 'postStart' || field === 'preStop'
        ? (['httpGet'] as const)
        : (['httpGet', 'tcpSocket', 'grpc'] as const)
    const handler = handlers.find((key) => !absent(get(probe, key)))
    if (handler === undefined) return []
    const action = get(probe, handler)
    // With a host the kubelet dials that host and not the pod (core/v1 HTTPGetAction.host).
    if (handler !== 'grpc' && !absent(get(action, 'host')) && get(action, 'host').value !== '') return []
    const port = readProbePort(get(action, 'port'), handler, ports)
    return port === null ? [] : [{ field, handler, container: name, port, route: probe.route }]
  })
}

/** A name is looked up among the ports of the same container (kubelet: prober, ResolveContainerPort). */
function readProbePort(
  field: Field,
  handler: Probe['handler'],
  ports: readonly ContainerPort[],
): number | null {
  const { value } = field
  if (typeof value === 'string' && handler !== 'grpc') {
    if (/^\d+$/.test(value)) return integer({ ...field, value: Number(value) }, 1, 65535) ?? null
    const named = ports.find((port) => port.name === value)
    if (named === undefined)
      fault(field, `${nameOf(field)} is ${describe(value)}, and its container declares no port of that name`)
    return named?.port ?? null
  }
  if (absent(field)) {
    fault(field, `${nameOf(field)} is missing`)
    return null
  }
  return integer(field, 1, 65535) ?? null
}
