// Services, as far as they tell which ports a workload serves.
import { absent, get, integer, items, labelsField, text } from '../field.ts'
import type { Field } from '../field.ts'
import type { Labels } from '../labels.ts'
import type { Protocol } from '../port-set.ts'
import { readProtocol } from './network-policy.ts'

export interface ServiceSpec {
  /** null: the Service selects nothing by itself (its endpoints come from elsewhere). */
  readonly selector: Labels | null
  readonly labels: Labels
  /** clusterIP None: clients get the addresses of the pods. */
  readonly headless: boolean
  readonly targets: readonly { readonly protocol: Protocol; readonly port: number | string }[]
}

/** Reads `spec` of a Service; a port without targetPort targets its own number. */
export function readService(root: Field): ServiceSpec {
  const spec = get(root, 'spec')
  const selector = get(spec, 'selector')
  return {
    headless: get(spec, 'clusterIP').value === 'None',
    labels: labelsField(get(get(root, 'metadata'), 'labels')),
    selector: absent(selector) ? null : labelsField(selector),
    targets: items(get(spec, 'ports')).flatMap((entry): ServiceSpec['targets'] => {
      const target = get(entry, 'targetPort')
      const protocol = readProtocol(get(entry, 'protocol'))
      if (typeof target.value === 'string') return [{ protocol, port: text(target) ?? '' }]
      const port = integer(absent(target) ? get(entry, 'port') : target, 1, 65535)
      return port === undefined ? [] : [{ protocol, port }]
    }),
  }
}
