// Does ztunnel keep mesh traffic to some ports of a workload? What a NetworkPolicy cannot do once 15008 is open, an
// AuthorizationPolicy can: its ports are those behind the tunnel (ztunnel src/proxy/inbound.rs and src/rbac.rs).
import { label } from '../kubernetes/labels.ts'
import type { AuthorizationPolicy, ClusterState, Workload } from '../kubernetes/state.ts'

/** Where a policy without a selector holds for every namespace. */
const ROOT_NAMESPACE = 'istio-system'

/** Is every caller of a workload kept to some ports, by AuthorizationPolicies that ztunnel enforces? */
export function limitsPorts({ authorizations }: ClusterState, workload: Workload): boolean {
  const specs = authorizations.filter((policy) => appliesTo(policy, workload)).map(({ spec }) => spec)
  const denies = specs.some(
    ({ action, rules }) =>
      action === 'DENY' &&
      rules.some(
        ({ conditional, operations }) =>
          !conditional &&
          operations?.some(({ notPorts, ports, http }) => notPorts.length > 0 && ports.length === 0 && !http),
      ),
  )
  // What any one ALLOW admits is admitted: each rule of all of them must name ports.
  const allows = specs.filter(({ action }) => action === 'ALLOW')
  const named = allows.every(({ rules }) =>
    rules.every(({ operations }) => operations?.every(({ ports }) => ports.length > 0) ?? false),
  )
  return denies || (allows.length > 0 && named)
}

function appliesTo({ namespace, spec }: AuthorizationPolicy, workload: Workload): boolean {
  if (spec.selector === null) return false
  if (namespace.name !== workload.namespace.name && namespace.name !== ROOT_NAMESPACE) return false
  return Object.entries(spec.selector).every(([key, value]) => label(workload.pods.labels, key) === value)
}
