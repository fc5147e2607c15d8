// Reading an object whose shape nobody has checked: what is not as the API wants it becomes a fault
// with its route, and reading goes on, so that one run names every mistake.
import { fieldPath } from '../yaml/field-path.ts'
import type { Route } from '../yaml/types.ts'
import type { Labels, Requirement, Selector } from './labels.ts'

export interface Fault {
  readonly route: Route
  readonly message: string
}

/** A value on the way through an object; all fields of one object share `faults`. */
export interface Field {
  readonly value: unknown
  readonly route: Route
  readonly faults: Fault[]
}

export function rootField(object: unknown): Field {
  return { value: object, route: [], faults: [] }
}

export function fault(field: Field, message: string): void {
  field.faults.push({ route: field.route, message })
}

/** The field's name in sentences: `spec.ingress[0].ports[1].port`. */
export function nameOf(field: Field): string {
  return fieldPath(field.route)
}

/** Absent and null are one: the API server drops null fields. */
export function absent(field: Field): boolean {
  return field.value === undefined || field.value === null
}

/** A member of a mapping; a field that is there and no mapping is a fault, and has no members. */
export function get(field: Field, key: string): Field {
  const map = mapping(field)
  return {
    value: Object.hasOwn(map, key) ? map[key] : undefined,
    route: [...field.route, key],
    faults: field.faults,
  }
}

/** The members of a sequence; none where it is absent; a fault where it is something else. */
export function items(field: Field): readonly Field[] {
  if (absent(field)) return []
  if (!Array.isArray(field.value)) {
    fault(field, `${nameOf(field)} must be a list`)
    return []
  }
  return field.value.map((value: unknown, index) => ({
    value,
    route: [...field.route, index],
    faults: field.faults,
  }))
}

export function text(field: Field): string | undefined {
  if (absent(field)) return undefined
  if (typeof field.value === 'string') return field.value
  fault(field, `${nameOf(field)} must be a string, not ${describe(field.value)}; quote it`)
  return undefined
}

export function integer(field: Field, low: number, high: number): number | undefined {
  if (absent(field)) return undefined
  const { value } = field
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value
  fault(
    field,
    `${nameOf(field)} must be a whole number from ${String(low)} to ${String(high)}, not ${describe(value)}`,
  )
  return undefined
}

export function labelsField(field: Field): Labels {
  const labels: [string, string][] = []
  for (const key of Object.keys(mapping(field))) {
    const value = text(get(field, key))
    if (value !== undefined) labels.push([key, value])
  }
  return Object.fromEntries(labels)
}

/** A LabelSelector (meta/v1); validated as `ValidateLabelSelector` of apimachinery does. */
export function selectorField(field: Field): Selector {
  const requirements: Requirement[] = Object.entries(labelsField(get(field, 'matchLabels'))).map(
    ([key, value]) => ({
      key,
      operator: 'In',
      values: [value],
    }),
  )
  for (const expression of items(get(field, 'matchExpressions'))) {
    const key = text(get(expression, 'key'))
    const operator = text(get(expression, 'operator'))
    const values = items(get(expression, 'values')).flatMap((value) => text(value) ?? [])
    if (key === undefined || key === '') {
      fault(expression, `${nameOf(expression)} has no key`)
    } else if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0)
        fault(expression, `${nameOf(expression)} needs values for the operator ${operator}`)
      requirements.push({ key, operator, values })
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        fault(expression, `${nameOf(expression)} takes no values with the operator ${operator}`)
      requirements.push({ key, operator })
    } else {
      fault(
        get(expression, 'operator'),
        `${nameOf(expression)}.operator is ${describe(operator)}; it must be In, NotIn, Exists or DoesNotExist`,
      )
    }
  }
  unknownKeys(field, ['matchLabels', 'matchExpressions'])
  return requirements
}

/** A key that the API does not know is dropped or refused by the server; either way it is no selector. */
export function unknownKeys(field: Field, known: readonly string[]): void {
  for (const key of Object.keys(mapping(field))) {
    if (!known.includes(key)) fault(get(field, key), `${nameOf(field)} has an unknown field "${key}"`)
  }
}

export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return `"${value}"`
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return String(value as number | boolean | bigint)
}

function mapping(field: Field): Record<string, unknown> {
  if (absent(field)) return {}
  if (typeof field.value === 'object' && !Array.isArray(field.value))
    return field.value as Record<string, unknown>
  fault(field, `${nameOf(field) || 'the object'} must be a mapping, not ${describe(field.value)}`)
  return {}
}
