// What a field may be asked: its arguments, of which GitHub knows every name and every value, and what is open to
// whoever has not said which of several types he means.
import type { Args, Type } from './execute.ts'

/** A scalar, names to choose from, a list, an input object; `required` may not be left out. */
export type Kind =
  | 'Int'
  | 'String'
  | 'Boolean'
  /** Checked by the field itself. */
  | 'Any'
  | { readonly oneOf: readonly string[] }
  | { readonly list: Kind }
  | { readonly input: Takes }
  | { readonly required: Kind }
export type Takes = Readonly<Record<string, Kind>>

/** A field with arguments. A plain value, or a function without any, takes none. */
export class Field {
  readonly takes: Takes
  readonly resolve: (args: Args) => unknown

  constructor(takes: Takes, resolve: (args: Args) => unknown) {
    this.takes = takes
    this.resolve = resolve
  }
}

export function field(takes: Takes, resolve: (args: Args) => unknown): Field {
  return new Field(takes, resolve)
}

/** What GitHub would not accept among these arguments, in its words. */
export function refusedArguments(takes: Takes, args: Args, of: string): string[] {
  const unknown = Object.keys(args).filter((name) => !(name in takes))
  return [
    ...unknown.map((name) => `${of} doesn't accept argument '${name}'`),
    ...Object.entries(takes).flatMap(([name, kind]) => refused(kind, args[name], `${of}(${name})`)),
  ]
}

function refused(kind: Kind, value: unknown, at: string): string[] {
  const wrong = [`${at} has an invalid value (${JSON.stringify(value)})`]
  const required = typeof kind === 'object' && 'required' in kind
  if (value === null || value === undefined) return required ? [`${at} is required`] : []
  if (required) return refused(kind.required, value, at)
  if (kind === 'Any') return []
  if (kind === 'Int') return Number.isInteger(value) ? [] : wrong
  if (typeof kind === 'string') return typeof value === kind.toLowerCase() ? [] : wrong
  if ('oneOf' in kind) return kind.oneOf.includes(String(value)) ? [] : wrong
  // One value stands for a list of one (GraphQL specification: list input coercion).
  if ('list' in kind) {
    return (Array.isArray(value) ? value : [value]).flatMap((one: unknown) =>
      refused({ required: kind.list }, one, at),
    )
  }
  return typeof value === 'object' && !Array.isArray(value)
    ? refusedArguments(kind.input, value as Args, at)
    : wrong
}

/** An interface: the fields that can be asked for without an inline fragment. */
export interface Interface {
  readonly name: string
  readonly fields: readonly string[]
}
export const SEEN_AS = Symbol('interface')

/** The same object behind a field whose type is an interface. */
export function seenAs(interfaceType: Interface, type: Type): Type {
  return { ...type, [SEEN_AS]: interfaceType }
}

/** `Actor.databaseId` and the like: what these selections may not ask of it. */
export function hidden(type: Type, names: readonly string[]): string[] {
  const shown = type[SEEN_AS]
  if (shown === undefined) return []
  return names
    .filter((name) => name !== '__typename' && !shown.fields.includes(name))
    .map((name) => `${shown.name}.${name}`)
}
