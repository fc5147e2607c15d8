// Reading that only policies beyond NetworkPolicy need, on top of field.ts: what is no mapping is said once, however
// many members are asked for, and numbers and flags that are written as texts are faults.
import { absent, describe, fault, nameOf } from '../field.ts'
import type { Field } from '../field.ts'

/** The field, or an absent one where it is no mapping, which is a fault. */
export function asMapping(field: Field): Field {
  if (absent(field) || (typeof field.value === 'object' && !Array.isArray(field.value))) return field
  fault(field, `${nameOf(field)} must be a mapping, not ${describe(field.value)}`)
  return { ...field, value: undefined }
}

/** Whether a flag is set; false where it is absent. */
export function flag(field: Field): boolean {
  if (absent(field) || typeof field.value === 'boolean') return field.value === true
  fault(field, `${nameOf(field)} must be true or false, not ${describe(field.value)}`)
  return false
}

/** A number, whole or not; undefined where it is absent. */
export function decimal(field: Field): number | undefined {
  if (absent(field)) return undefined
  if (typeof field.value === 'number' && Number.isFinite(field.value)) return field.value
  fault(field, `${nameOf(field)} must be a number, not ${describe(field.value)}`)
  return undefined
}
