// Runs a parsed document over plain objects: a field is a value, or a function of its arguments. A field that
// the objects do not have is an error, as on GitHub, and is reported so that a story fails.
import { Field as Asked, hidden, refusedArguments } from './fields.ts'
import type { Interface, SEEN_AS } from './fields.ts'
import type { Document, Field, Selection, Value } from './parse.ts'
import { misused } from './walk.ts'

export type Args = Readonly<Record<string, unknown>>
/** An object type: its name and its fields. */
export interface Type {
  readonly __typename: string
  /** Where it is only known to be one of several types. */
  readonly [SEEN_AS]?: Interface
  readonly [field: string]: unknown
}
export interface GraphqlError {
  readonly type?: string
  readonly path?: readonly (string | number)[]
  readonly message: string
}
export interface Execution {
  readonly data: Record<string, unknown> | null
  readonly errors: readonly GraphqlError[]
  /** What the schema does not have: `Type.field`, arguments, types, and variables that are not used well. */
  readonly unknown: readonly string[]
}

/** Thrown by a field: becomes an error of the answer, and the field is null. */
export class FieldError extends Error {
  readonly type: string

  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

export async function execute(document: Document, root: Type, given: Args): Promise<Execution> {
  const errors: GraphqlError[] = []
  const unknown: string[] = misused(document)
  errors.push(...unknown.map((message) => ({ message })))
  const variables: Record<string, unknown> = {}
  for (const { name, required, fallback } of document.variables) {
    variables[name] = given[name] ?? (fallback === null ? null : evaluate(fallback, {}))
    if (required && variables[name] === null) {
      errors.push({ message: `Variable $${name} of a required type was provided invalid value` })
    }
  }
  if (errors.length > 0) return { data: null, errors, unknown }

  const select = async (
    source: Type,
    selections: readonly Selection[],
    path: readonly (string | number)[],
  ) => {
    const result: Record<string, unknown> = {}
    const asked = selections.flatMap((one) => (one.kind === 'field' ? [one.name] : []))
    for (const name of hidden(source, asked)) {
      unknown.push(name)
      errors.push({ path, message: `Field '${name}' doesn't exist without a fragment` })
    }
    for (const field of flatten(document, source.__typename, selections)) {
      const at = [...path, field.alias]
      try {
        result[field.alias] = await complete(await resolve(source, field, at), field, at)
      } catch (error) {
        if (!(error instanceof FieldError)) throw error
        errors.push({ type: error.type, path: at, message: error.message })
        result[field.alias] = null
      }
    }
    return result
  }
  const resolve = async (source: Type, field: Field, at: readonly (string | number)[]): Promise<unknown> => {
    if (!(field.name in source)) {
      unknown.push(`${source.__typename}.${field.name}`)
      errors.push({ path: at, message: `Field '${field.name}' doesn't exist on type '${source.__typename}'` })
      return null
    }
    const args = Object.fromEntries(
      Object.entries(field.args).map(([key, value]) => [key, evaluate(value, variables)]),
    )
    const value = source[field.name]
    const takes = value instanceof Asked ? value.takes : {}
    const breaches = refusedArguments(takes, args, `${source.__typename}.${field.name}`)
    if (breaches.length > 0) {
      unknown.push(...breaches)
      errors.push(...breaches.map((message) => ({ path: at, message })))
      return null
    }
    if (value instanceof Asked) return value.resolve(args)
    return typeof value === 'function' ? (value as () => unknown)() : value
  }
  const complete = async (
    value: unknown,
    field: Field,
    at: readonly (string | number)[],
  ): Promise<unknown> => {
    if (Array.isArray(value)) {
      return Promise.all(value.map((one: unknown, index) => complete(one, field, [...at, index])))
    }
    const isObject = typeof value === 'object' && value !== null
    if (isObject !== (field.selection !== null) && value !== null) {
      errors.push({
        path: at,
        message: `Field '${field.name}' ${isObject ? 'must have' : "can't have"} selections`,
      })
      return null
    }
    return isObject ? select(value as Type, field.selection ?? [], at) : value
  }
  const data = await select(root, document.selection, [])
  return { data, errors, unknown }
}

/** The fields that apply to a type, fragments unfolded. */
export function flatten(document: Document, type: string, selections: readonly Selection[]): Field[] {
  return selections.flatMap((one) => {
    if (one.kind === 'field') return [one]
    const fragment = one.kind === 'inline' ? one : document.fragments.get(one.name)
    if (fragment === undefined)
      throw new FieldError(
        'INVALID',
        `Fragment ${String(Reflect.get(one, 'name'))} was used, but not defined`,
      )
    const applies =
      fragment.on === null || fragment.on === type || fragment.on === 'Node' || fragment.on === 'Minimizable'
    return applies ? flatten(document, type, fragment.selection) : []
  })
}

function evaluate(value: Value, variables: Args): unknown {
  switch (value.kind) {
    case 'variable':
      return variables[value.name] ?? null
    case 'literal':
      return value.value
    case 'list':
      return value.items.map((item) => evaluate(item, variables))
    case 'object':
      return Object.fromEntries(
        Object.entries(value.fields).map(([key, one]) => [key, evaluate(one, variables)]),
      )
  }
}
