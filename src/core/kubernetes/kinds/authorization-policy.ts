// AuthorizationPolicy (security.istio.io/v1 and v1beta1), as far as it tells which ports ztunnel lets through.
// Source: istio pilot/pkg/serviceregistry/ambient/authorization.go.
import { absent, describe, fault, get, items, labelsField, nameOf, text } from '../field.ts'
import type { Field } from '../field.ts'
import type { Labels } from '../labels.ts'

export interface AuthorizationSpec {
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'
  /** Labels of the pods that it is for, none for all of them; null where it is attached to a Service or a Gateway. */
  readonly selector: Labels | null
  readonly rules: readonly AuthorizationRule[]
}

export interface AuthorizationRule {
  /** Does it hold for some callers only (`from`), or under conditions (`when`)? */
  readonly conditional: boolean
  /** null: whatever is asked. Never empty. */
  readonly operations: readonly Operation[] | null
}

export interface Operation {
  /** Port numbers of the pod, as text. */
  readonly ports: readonly string[]
  readonly notPorts: readonly string[]
  /** Does it speak of hosts, methods or paths, which ztunnel does not see? */
  readonly http: boolean
}

const ACTIONS = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const
const HTTP = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths']

/** Reads `spec` of an AuthorizationPolicy; what is invalid is left in the field's faults. */
export function readAuthorizationPolicy(root: Field): AuthorizationSpec {
  const spec = get(root, 'spec')
  const attached = !absent(get(spec, 'targetRefs')) || !absent(get(spec, 'targetRef'))
  return {
    action: readAction(get(spec, 'action')),
    selector: attached ? null : labelsField(get(get(spec, 'selector'), 'matchLabels')),
    rules: items(get(spec, 'rules')).map(readRule),
  }
}

function readAction(field: Field): AuthorizationSpec['action'] {
  const name = text(field) ?? 'ALLOW'
  const action = ACTIONS.find((known) => known === name)
  if (action === undefined)
    fault(field, `${nameOf(field)} is ${describe(name)}; it must be ALLOW, DENY, AUDIT or CUSTOM`)
  return action ?? 'AUDIT'
}

function readRule(rule: Field): AuthorizationRule {
  const operations = items(get(rule, 'to')).map((to): Operation => {
    const operation = get(to, 'operation')
    const texts = (key: string): readonly string[] =>
      items(get(operation, key)).flatMap((item) => text(item) ?? [])
    return {
      ports: texts('ports'),
      notPorts: texts('notPorts'),
      http: HTTP.some((key) => !absent(get(operation, key))),
    }
  })
  return {
    conditional: items(get(rule, 'from')).length > 0 || items(get(rule, 'when')).length > 0,
    operations: operations.length === 0 ? null : operations,
  }
}
