// Gateways of the Gateway API whose pods Istio makes itself, with the labels it gives them.
// Source: istio pilot/pkg/config/kube/gatewaycommon (deploymentcontroller.go) and
// manifests/charts/istio-control/istio-discovery/files/{waypoint,kube-gateway}.yaml.
import { absent, get, integer, items, labelsField, text } from '../field.ts'
import type { Field } from '../field.ts'
import { SERVICE_ACCOUNT, label } from '../labels.ts'
import type { Labels } from '../labels.ts'
import { GIVEN_BY_DEPLOYMENTS } from './given-labels.ts'
import type { PodTemplate } from './workload.ts'

export type GatewayClass = 'istio' | 'istio-waypoint' | 'istio-east-west'

const MANAGED_BY: Readonly<Record<GatewayClass, string>> = {
  istio: 'istio.io-gateway-controller',
  'istio-waypoint': 'istio.io-mesh-controller',
  'istio-east-west': 'istio.io-eastwest-controller',
}

/** The class of a Gateway whose pods Istio makes, or null where another controller owns it. */
export function gatewayClass(root: Field): GatewayClass | null {
  const name = classOf(root)
  return name === 'istio' || name === 'istio-waypoint' || name === 'istio-east-west' ? name : null
}

/** Does a GatewayClass say that its Gateways are of another controller than Istio's? */
export function isForeignClass(root: Field): boolean {
  const controller = text(get(get(root, 'spec'), 'controllerName'))
  return controller !== undefined && !controller.startsWith('istio.io/')
}

/** The name of the class that a Gateway asks for. */
export function classOf(root: Field): string | undefined {
  return text(get(get(root, 'spec'), 'gatewayClassName'))
}

/**
 * The pods that Istio will run for a Gateway. `spec.addresses` of type Hostname (manual deployment: the
 * Gateway points at pods made elsewhere) gives null.
 */
export function readGatewayPods(root: Field, name: string, kind: GatewayClass): PodTemplate | null {
  const spec = get(root, 'spec')
  if (
    items(get(spec, 'addresses')).some(
      (address) => (text(get(address, 'type')) ?? 'IPAddress') === 'Hostname',
    )
  )
    return null
  const infrastructure = get(spec, 'infrastructure')
  const labels = absent(get(infrastructure, 'labels'))
    ? { field: get(get(root, 'metadata'), 'labels') }
    : { field: get(infrastructure, 'labels') }
  const given = Object.fromEntries(
    Object.entries(labelsField(labels.field)).filter(
      ([key]) => !key.startsWith('gateway.networking.k8s.io/'),
    ),
  )
  const made: Labels = {
    'gateway.networking.k8s.io/gateway-name': name,
    'gateway.networking.k8s.io/gateway-class-name': kind,
    'gateway.istio.io/managed': MANAGED_BY[kind],
    'sidecar.istio.io/inject': 'false',
    'service.istio.io/canonical-name': kind === 'istio-waypoint' ? name : `${name}-${kind}`,
    'service.istio.io/canonical-revision': 'latest',
    // files/kube-gateway.yaml and waypoint.yaml: named like the Deployment.
    [SERVICE_ACCOUNT]: kind === 'istio-waypoint' ? name : `${name}-${kind}`,
    'istio.io/dataplane-mode': label(given, 'istio.io/dataplane-mode') ?? 'none',
    ...given,
  }
  const listeners = items(get(spec, 'listeners')).flatMap(
    (listener) => integer(get(listener, 'port'), 1, 65535) ?? [],
  )
  const ports = [...new Set([...listeners, 15020, 15021, 15090])]
  return {
    labels: made,
    given: GIVEN_BY_DEPLOYMENTS,
    annotations: {},
    hostNetwork: false,
    ports: ports.map((port) => ({ name: null, port, protocol: 'TCP' })),
    probes: (['startupProbe', 'readinessProbe'] as const).map((field) => ({
      field,
      handler: 'httpGet',
      container: 'istio-proxy',
      port: 15021,
      route: [],
    })),
    labelsRoute: labels.field.route,
  }
}
