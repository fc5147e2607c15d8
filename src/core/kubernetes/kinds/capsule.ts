// What Capsule writes into the namespaces of a tenant.
// https://projectcapsule.dev/docs/tenants/
import { at, isMapping, list } from '../loose.ts'
import type { Write } from './effects.ts'

/** Which namespaces are the tenant's is known to the cluster alone. */
export function capsuleWrites(object: unknown): readonly Write[] {
  const policies = list(at(object, 'spec', 'networkPolicies', 'items'))
  const options = at(object, 'spec', 'namespaceOptions')
  const labelled = [at(options, 'additionalMetadata'), ...list(at(options, 'additionalMetadataList'))].some(
    (metadata) => isMapping(at(metadata, 'labels')),
  )
  return [
    ...(policies.length === 0 ? [] : [write('generates NetworkPolicy', 'networkPolicies')]),
    ...(labelled ? [write('changes Namespace', 'namespaceOptions')] : []),
  ]
}

function write(what: string, field: string): Write {
  return { what, rule: null, route: ['spec', field], namespaces: null }
}
