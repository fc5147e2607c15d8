// What is said of a mistake in the configuration: sentences, and not those of the library that found it.
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { configSchema } from './config-schema.ts'
import { fieldPath } from './yaml/field-path.ts'
import type { Route } from './yaml/types.ts'

/** What is wrong, and what is wanted; `value` is the whole file. */
export function sentence(issue: z.core.$ZodIssue, route: Route, value: unknown): string {
  const name = route.length === 0 ? 'the configuration' : fieldPath(route)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const where = route.length > 1 ? ` of ${fieldPath(route.slice(0, -1))}` : ''
      return `"${String(route.at(-1))}" is not a setting${where}${itemOf(route) === null ? ', and is ignored' : ''}.`
    }
    case 'invalid_value':
      return `${name} must be ${oneOf(issue.values.map(String))}.`
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? `${name} must be ${oneOf(issue.options.map(String))}.`
        : `${name} ${issue.message}.`
    case 'invalid_type':
      return isMissing(value, route)
        ? `${name} is missing.`
        : `${name} must be ${WANTED[issue.expected] ?? issue.expected}, and is ${kindOf(valueAt(value, route))}.`
    case 'too_small':
      return issue.origin === 'number'
        ? `${name} must be at least ${String(issue.minimum)}.`
        : `${name} must not be empty.`
    case 'too_big':
      return issue.origin === 'array'
        ? `${name} must have at most ${String(issue.maximum)} items.`
        : `${name} must be at most ${String(issue.maximum)}.`
    default:
      // Those of the schema itself, which complete the sentence.
      return `${name} ${issue.message}.`
  }
}

function oneOf(values: readonly string[]): string {
  return `${values.length === 1 ? '' : 'one of '}${values.join(', ')}`
}

/** What the schema calls types, in words. */
const WANTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return `the text "${clipped(value)}"`
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return 'a mapping'
  }
}

function clipped(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}

function valueAt(value: unknown, route: Route): unknown {
  return route.reduce<unknown>(
    (inner, part) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
        ? (inner as Readonly<Record<string | number, unknown>>)[part]
        : undefined,
    value,
  )
}

function isMissing(value: unknown, route: Route): boolean {
  return valueAt(value, route) === undefined
}

/** What to do about it, and what holds until somebody does. */
export function remedyFor({ code }: z.core.$ZodIssue, route: Route): string {
  const wrong = String(route.at(-1) ?? '')
  const best = knownKeys(route.slice(0, -1))
    .map((key) => ({ key, far: distance(wrong, key) }))
    .sort((a, b) => a.far - b.far)[0]
  const isItem = itemOf(route) !== null
  const until = `until it is mended, ${insteadOf(route)}.`
  if (best === undefined || best.far === 0 || best.far > Math.max(2, wrong.length / 3)) {
    return code === 'unrecognized_keys' && !isItem
      ? 'See docs/configuration.md for the settings that there are.'
      : `See docs/configuration.md; ${until}`
  }
  const meant = `Did you mean "${best.key}"?`
  return isItem ? `${meant} ${until.charAt(0).toUpperCase()}${until.slice(1)}` : meant
}

/** The innermost item of a list that a route leads into; null where it leads into none. */
export function itemOf(route: Route): Route | null {
  const item = route.findLastIndex((part) => typeof part === 'number')
  return item === -1 ? null : route.slice(0, item + 1)
}

/** What stands in the place of what is wrong. A list has no default for one of its items. */
function insteadOf(route: Route): string {
  if (itemOf(route) === null) return 'its default holds'
  return route[0] === 'waivers' ? 'this waiver does not hold' : 'the list holds without it'
}

/** The keys that the schema knows at a route; names of clusters and namespaces are free. */
function knownKeys(route: Route): readonly string[] {
  let schema: z.core.$ZodType | undefined = configSchema
  for (const part of route) {
    while (schema instanceof z.ZodOptional) schema = schema.unwrap()
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, z.ZodType>)[String(part)]
    else if (schema instanceof z.ZodRecord) schema = schema.valueType
    else if (schema instanceof z.ZodArray) schema = schema.element
    else return []
  }
  while (schema instanceof z.ZodOptional) schema = schema.unwrap()
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}
