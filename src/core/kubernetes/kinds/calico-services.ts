// What a rule of Calico means by a Service: the pods behind it, and, where traffic goes to it, the ports on which they
// serve it and no others (felix/calc/rule_scanner.go, ServiceIncludePorts; felix/serviceindex/serviceindex.go).
import type { Requirement } from '../labels.ts'
import { NAMESPACE_NAME_LABEL } from '../labels.ts'
import type { PodsPeer, PolicyPort } from './policy.ts'
import type { ServiceSpec } from './service.ts'

export interface ServiceRef {
  readonly namespace: string
  readonly name: string
  readonly spec: ServiceSpec
}

export interface Behind {
  readonly peer: PodsPeer
  readonly ports: readonly PolicyPort[]
}

/** The pods behind a Service, `namespace/name`; null where the tree does not show it, or somebody else picks them. */
export function behindService(service: string, services: readonly ServiceRef[]): Behind | null {
  const found = services.find(({ namespace, name }) => `${namespace}/${name}` === service)
  const labels = Object.entries(found?.spec.selector ?? {})
  if (found === undefined || labels.length === 0) return null
  const is = (key: string, value: string): Requirement => ({ key, operator: 'In', values: [value] })
  return {
    peer: {
      kind: 'pods',
      pods: labels.map(([key, value]) => is(key, value)),
      namespaces: [is(NAMESPACE_NAME_LABEL, found.namespace)],
    },
    ports: found.spec.targets.map(({ protocol, port }) =>
      typeof port === 'number' ? { protocol, low: port, high: port } : { protocol, name: port },
    ),
  }
}

/** Those of the ports of a Service that a rule which asks for protocols is about; null: it asks for none. */
export function ofProtocols(
  ports: readonly PolicyPort[],
  asked: readonly PolicyPort[] | null,
): readonly PolicyPort[] {
  return ports.filter(({ protocol }) => asked === null || asked.some((one) => one.protocol === protocol))
}
