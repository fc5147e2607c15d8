// What a person should be told of a Cilium policy though Cilium takes it: it does not do what it seems to say.
import type { Route } from '../../yaml/types.ts'
import type { Field } from '../field.ts'
import { at, list, string } from '../loose.ts'

export interface Quirk {
  readonly route: Route
  readonly message: string
}

const NAMESPACE_KEY = 'k8s:io.kubernetes.pod.namespace'

/** Reads the object loosely: what is invalid is told as faults by the reader. */
export function ciliumQuirks(root: Field, hbonePort: number): readonly Quirk[] {
  const specs: readonly (readonly [unknown, Route])[] = [
    [at(root.value, 'spec'), ['spec']],
    ...list(at(root.value, 'specs')).map((spec, index): [unknown, Route] => [spec, ['specs', index]]),
  ]
  return specs.flatMap(([spec, route]) => [
    ...namesakes(root, spec, route),
    ...(['ingress', 'egress'] as const).flatMap((key) =>
      inspectedTunnels(at(spec, key), [...route, key], hbonePort),
    ),
  ])
}

/** utils.go, ParseToCiliumRule: the agent warns of it in its log. */
function namesakes(root: Field, spec: unknown, route: Route): readonly Quirk[] {
  const own = string(at(root.value, 'metadata', 'namespace'))
  const named = string(at(spec, 'endpointSelector', 'matchLabels', NAMESPACE_KEY))
  if (at(root.value, 'kind') !== 'CiliumNetworkPolicy' || own === undefined) return []
  if (named === undefined || named === own) return []
  return [
    {
      route: [...route, 'endpointSelector', 'matchLabels', NAMESPACE_KEY],
      message: `the endpointSelector names the namespace ${named}, but a CiliumNetworkPolicy always applies to its own, ${own}`,
    },
  ]
}

/** What ztunnel sends on the port of HBONE is encrypted, and no protocol that layer 7 rules could read. */
function inspectedTunnels(rules: unknown, route: Route, hbonePort: number): readonly Quirk[] {
  return list(rules).flatMap((rule, index) =>
    list(at(rule, 'toPorts')).flatMap((ports, entry) => {
      const inspects = ['http', 'kafka', 'l7proto'].some((key) => at(ports, 'rules', key) !== undefined)
      if (!inspects || !list(at(ports, 'ports')).some((port) => covers(port, hbonePort))) return []
      return [
        {
          route: [...route, index, 'toPorts', entry, 'rules'],
          message: `layer 7 rules cannot read HBONE, which is encrypted: on port ${String(hbonePort)} they cut it off`,
        },
      ]
    }),
  )
}

function covers(port: unknown, number: number): boolean {
  const low = Number(string(at(port, 'port')) ?? Number.NaN)
  const high = at(port, 'endPort')
  return low === number || (low < number && typeof high === 'number' && high >= number)
}
