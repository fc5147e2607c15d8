// GitHub's OpenAPI description, read once for each process, and its schemas compiled as they are needed.
// OpenAPI 3.0 is not JSON Schema: `nullable` is turned into a union, and references into Ajv ids.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { corrections } from './corrections.ts'

export interface Schema {
  $ref?: string
  type?: string
  nullable?: boolean
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  additionalProperties?: boolean | Schema
}
interface Reference {
  readonly $ref?: string
}
export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Schema
}
interface Body {
  readonly content?: Record<string, { readonly schema?: Schema }>
  readonly required?: boolean
}
export interface Operation {
  readonly operationId: string
  readonly parameters?: readonly (Parameter & Reference)[]
  readonly requestBody?: Body
  readonly responses: Record<string, Body & Reference>
}
export interface Description {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: Record<string, Record<string, unknown>> & { readonly schemas: Record<string, Schema> }
}

let loaded: Description | null = null
const added = new Set<string>()
const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, logger: false })
const lenient = new Ajv({
  strict: false,
  allErrors: true,
  validateSchema: false,
  logger: false,
  coerceTypes: true,
})
addFormats.default(ajv)
addFormats.default(lenient)

/** The operation of a method and path template, as the description writes it. */
export function operation(method: string, template: string): Operation | undefined {
  return description().paths[template]?.[method.toLowerCase()]
}

/** A component by its reference, e.g. `#/components/parameters/owner`. */
export function component(reference: string): unknown {
  const [, , room = '', name = ''] = reference.split('/')
  return description().components[room]?.[name]
}

/** Compiles a schema. With `coerce`, texts count as the numbers and booleans they spell: for queries. */
export function compile(schema: Schema, coerce = false): ValidateFunction {
  return (coerce ? lenient : ajv).compile(convert(schema, coerce ? lenient : ajv))
}

/** One line for each error, the deepest first mentioned. */
export function describe(errors: readonly ErrorObject[] | null | undefined): string[] {
  return (errors ?? []).slice(0, 12).map((error) => {
    const detail = JSON.stringify(error.params)
    return `${error.instancePath === '' ? '(root)' : error.instancePath} ${error.message ?? error.keyword} ${detail}`
  })
}

function description(): Description {
  if (loaded === null) {
    const require = createRequire(import.meta.url)
    const path = require.resolve('@octokit/openapi/generated/api.github.com.json')
    loaded = JSON.parse(readFileSync(path, 'utf8')) as Description
    for (const { apply } of corrections) apply(loaded)
  }
  return loaded
}

/** A copy that Ajv understands; the components it mentions are registered on the way. */
function convert(schema: Schema, into: Ajv): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$ref') copy['$ref'] = register(String(value), into)
    else if (key === 'example' || key === 'examples' || key === 'default') continue
    else if (key === 'properties') {
      copy[key] = Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, one]) => [name, convert(one, into)]),
      )
    } else if (Array.isArray(value) && ['allOf', 'anyOf', 'oneOf'].includes(key)) {
      copy[key] = (value as Schema[]).map((one) => convert(one, into))
    } else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object') {
      copy[key] = convert(value as Schema, into)
    } else if (key !== 'nullable') copy[key] = value
  }
  return schema.nullable === true ? { anyOf: [copy, { type: 'null' }] } : copy
}

function register(reference: string, into: Ajv): string {
  const name = reference.split('/').at(-1) ?? ''
  const id = `github:${name}`
  const key = `${into === ajv ? '' : 'lenient '}${id}`
  if (!added.has(key)) {
    added.add(key)
    const schema = component(reference) as Schema | undefined
    if (schema === undefined) throw new Error(`the description has no ${reference}`)
    into.addSchema(convert(schema, into), id)
  }
  return id
}
