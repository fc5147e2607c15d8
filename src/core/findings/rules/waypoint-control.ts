// The policies of a waypoint or gateway cut it off from istiod, which configures it and gives it its certificate, or
// from DNS, by which it finds istiod. Source: istio manifests/charts/istio-control/istio-discovery/files/waypoint.yaml
// (the proxy dials istiod.istio-system.svc:15012).
import type { World } from '../../analysis.ts'
import { NAMESPACE_NAME_LABEL, matches } from '../../kubernetes/labels.ts'
import type { Selector } from '../../kubernetes/labels.ts'
import { hasPort } from '../../kubernetes/port-set.ts'
import type { Protocol } from '../../kubernetes/port-set.ts'
import type { Workload } from '../../kubernetes/state.ts'
import { podsName } from '../../policy/peer.ts'
import type { Finding } from '../finding.ts'
import type { StateRule } from '../rule.ts'
import { namePolicies } from '../words.ts'

/** What every proxy of Istio needs beside its traffic. */
interface Need {
  readonly name: string
  readonly pods: Selector
  readonly namespace: string
  readonly port: number
  readonly protocol: Protocol
  readonly fate: string
}

const NEEDS: readonly Need[] = [
  {
    name: 'istiod',
    pods: [{ key: 'app', operator: 'In', values: ['istiod'] }],
    namespace: 'istio-system',
    port: 15012,
    protocol: 'TCP',
    fate: 'it gets neither configuration nor a certificate, and does not become ready',
  },
  {
    name: 'DNS',
    pods: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns'] }],
    namespace: 'kube-system',
    port: 53,
    protocol: 'UDP',
    fate: 'it cannot find istiod by name, and does not become ready',
  },
]

export const waypointControl: StateRule = {
  id: 'waypoint-control',
  judges: 'state',
  check: (world) =>
    world.state.workloads
      .filter(({ gateway }) => gateway !== null)
      .flatMap((gateway) =>
        NEEDS.flatMap((need) => (isShut(world, gateway, need) ? [asFinding(world, gateway, need)] : [])),
      ),
}

/**
 * Shut for sure: where the tree shows who serves it, that one is not admitted; where it does not, nobody at all is
 * admitted on the port. Whoever opens it somewhere knows better than we do where it is served.
 */
function isShut(
  { engine, state }: World,
  gateway: Workload,
  { pods, namespace, port, protocol }: Need,
): boolean {
  const policies = engine.isolating(gateway, 'egress')
  if (policies.length === 0) return false
  const servers = state.workloads.filter(
    (workload) => workload.namespace.name === namespace && matches(pods, workload.pods.labels),
  )
  if (servers.length > 0) {
    return servers.every((workload) => {
      const { perhaps } = engine.allows(gateway, { kind: 'workload', workload }, 'egress')
      return !hasPort(perhaps, protocol, port)
    })
  }
  return !policies.some(({ spec }) =>
    (spec.egress ?? []).some(
      ({ ports }) =>
        ports?.some(
          (entry) =>
            'name' in entry || (entry.protocol === protocol && entry.low <= port && port <= entry.high),
        ) ?? true,
    ),
  )
}

function asFinding(world: World, gateway: Workload, need: Need): Finding {
  const policies = world.engine.isolating(gateway, 'egress')
  const { name, port, protocol, fate } = need
  const role = gateway.gateway === 'istio-waypoint' ? 'a waypoint' : 'a gateway'
  const verb = policies.length === 1 ? 'does' : 'do'
  return {
    rule: 'waypoint-control',
    severity: 'error',
    lowered: false,
    certainty: 'certain',
    cluster: world.state.config.name,
    workload: gateway,
    direction: 'egress',
    port,
    protocol,
    peers: [podsName(need.pods, [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [need.namespace] }])],
    lost: [],
    culprits: policies.map((policy) => ({ policy, rule: null })),
    isolatedBy: policies,
    enrolledBy: [],
    workloadRoutes: [gateway.pods.labelsRoute],
    message: `${gateway.id} is ${role}. ${namePolicies(policies)} ${verb} not let it reach ${name} on ${String(port)}/${protocol}: ${fate}.`,
  }
}
