// ServiceEntries of Istio, as far as they lead traffic through a waypoint: to addresses outside, or, with a
// workloadSelector, to pods. Source: istio.io/api networking/v1/service_entry.proto.
import { NO_ADDRESSES, parseAddresses, unionAddresses } from '../address-set.ts'
import type { AddressSet } from '../address-set.ts'
import { absent, get, integer, items, labelsField, text } from '../field.ts'
import type { Field } from '../field.ts'
import type { Labels } from '../labels.ts'
import type { ServiceSpec } from './service.ts'

export interface ServiceEntrySpec {
  /** As a Service of the pods that its workloadSelector picks; null where it leads out of the cluster. */
  readonly service: ServiceSpec | null
  readonly labels: Labels
  /** TCP ports that clients dial. */
  readonly ports: readonly number[]
  /** Where it leads, as far as it says so in addresses. */
  readonly addresses: AddressSet
  /** The namespaces that see it: all of them, unless exportTo says otherwise; `.` is its own. */
  readonly visibleIn: 'all' | readonly string[]
}

export function readServiceEntry(root: Field): ServiceEntrySpec {
  const spec = get(root, 'spec')
  const labels = labelsField(get(get(root, 'metadata'), 'labels'))
  const entries = items(get(spec, 'ports'))
  const exported = items(get(spec, 'exportTo')).flatMap((one) => text(one) ?? [])
  const selector = get(get(spec, 'workloadSelector'), 'labels')
  const literals = [
    ...items(get(spec, 'addresses')),
    ...items(get(spec, 'endpoints')).map((endpoint) => get(endpoint, 'address')),
  ]
  return {
    labels,
    visibleIn: exported.length === 0 || exported.includes('*') ? 'all' : exported,
    ports: entries.flatMap((entry) =>
      text(get(entry, 'protocol')) === 'UDP' ? [] : (integer(get(entry, 'number'), 1, 65535) ?? []),
    ),
    // Host names stand among them, too, and say nothing about addresses.
    addresses: literals.reduce<AddressSet>((sum, literal) => {
      const block = typeof literal.value === 'string' ? parseAddresses(literal.value) : null
      return block === null ? sum : unionAddresses(sum, block)
    }, NO_ADDRESSES),
    service: absent(selector)
      ? null
      : {
          selector: labelsField(selector),
          labels,
          headless: false,
          targets: entries.flatMap((entry) => {
            const target = get(entry, 'targetPort')
            const port = integer(absent(target) ? get(entry, 'number') : target, 1, 65535)
            return port === undefined ? [] : [{ protocol: 'TCP' as const, port }]
          }),
        },
  }
}
