// Holds every request and every answer against GitHub's own description. What the schemas cannot say (unknown
// keys are silently ignored by GitHub) is added: a key that no schema lists is a typo.
import type { ValidateFunction } from 'ajv'
import { compile, component, describe, operation } from './schemas.ts'
import type { Operation, Parameter, Schema } from './schemas.ts'

export interface Breach {
  readonly message: string
  /** GitHub itself would notice and answer 422. */
  readonly refused: boolean
}

const compiled = new Map<string, ValidateFunction | null>()
/** What GitHub checks at run time as well. */
const REFUSED = new Set([
  'maxItems',
  'maxLength',
  'minItems',
  'minLength',
  'required',
  'enum',
  'anyOf',
  'oneOf',
])

/** Breaches in what the app sends. */
export function checkRequest(
  method: string,
  template: string,
  query: URLSearchParams,
  body: unknown,
): readonly Breach[] {
  const described = operation(method, template)
  if (described === undefined) return [breach(`${method} ${template} is not in GitHub's description`)]
  return [...checkQuery(described, query), ...checkBody(described, body)]
}

/** Breaches in what is answered; errors of undocumented status need a message at least. */
export function checkResponse(
  method: string,
  template: string,
  status: number,
  body: unknown,
): readonly Breach[] {
  const described = operation(method, template)
  if (described === undefined) return []
  const entry = described.responses[String(status)]
  if (entry === undefined && status < 400) return [breach(`status ${String(status)} is not documented`)]
  if (status >= 400) {
    const spoken = typeof body === 'object' && body !== null && 'message' in body
    return spoken ? [] : [breach(`an error without a message: ${JSON.stringify(body)}`)]
  }
  const response = entry?.$ref === undefined ? entry : (component(entry.$ref) as typeof entry)
  const schema = response?.content?.['application/json']?.schema
  const validate = once(`${described.operationId} ${String(status)}`, schema)
  if (validate === null) return body === undefined ? [] : bodyWithoutSchema(body)
  return validate(body) ? [] : describe(validate.errors).map((line) => breach(line))
}

function checkQuery(described: Operation, query: URLSearchParams): Breach[] {
  const known = new Map(parameters(described).map((parameter) => [parameter.name, parameter]))
  return [...query].flatMap(([name, value]) => {
    const parameter = known.get(name)
    if (parameter === undefined) return [breach(`unknown query parameter ${name}`)]
    const validate = once(`${described.operationId} ?${name}`, parameter.schema, true)
    const holder = parameter.schema.type === 'array' ? value.split(',') : value
    return validate === null || validate(holder)
      ? []
      : [breach(`?${name}=${value} ${describe(validate.errors).join('; ')}`)]
  })
}

function checkBody(described: Operation, body: unknown): Breach[] {
  const schema = described.requestBody?.content?.['application/json']?.schema
  if (schema === undefined || body === undefined) return []
  const validate = once(`${described.operationId} body`, schema)
  const unknown = unknownKeys(schema, body, '').map((path) => breach(`unknown key ${path} in the body`))
  if (validate === null || validate(body)) return unknown
  const refused = (validate.errors ?? []).every((error) => REFUSED.has(error.keyword))
  return [...unknown, ...describe(validate.errors).map((message) => ({ message, refused }))]
}

function parameters(described: Operation): Parameter[] {
  return (described.parameters ?? [])
    .map((one) => (one.$ref === undefined ? one : (component(one.$ref) as Parameter)))
    .filter((parameter) => parameter.in === 'query')
}

/**
 * Keys that no part of the schema lists. `additionalProperties: true` inside a combinator only says that the
 * outer properties are fine there, so it opens nothing.
 */
function unknownKeys(schema: Schema, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const items = candidates(schema).flatMap((one) => (one.items === undefined ? [] : [one.items]))
    return items[0] === undefined
      ? []
      : value.flatMap((item, index) => unknownKeys({ anyOf: items }, item, `${path}/${String(index)}`))
  }
  if (typeof value !== 'object' || value === null) return []
  const shapes = candidates(schema)
  const listed = shapes.flatMap((one) => Object.entries(one.properties ?? {}))
  const open = listed.length === 0 || shapes.some((one) => typeof one.additionalProperties === 'object')
  return Object.entries(value).flatMap(([key, inside]) => {
    const schemas = listed.filter(([name]) => name === key).map(([, one]) => one)
    if (schemas.length === 0) return open ? [] : [`${path}/${key}`]
    return unknownKeys({ anyOf: schemas }, inside, `${path}/${key}`)
  })
}

/** A schema with everything it combines, references resolved. */
function candidates(schema: Schema): Schema[] {
  const self = schema.$ref === undefined ? schema : (component(schema.$ref) as Schema)
  const parts = [...(self.allOf ?? []), ...(self.anyOf ?? []), ...(self.oneOf ?? [])]
  return [self, ...parts.flatMap(candidates)]
}

function once(key: string, schema: Schema | undefined, coerce = false): ValidateFunction | null {
  const known = compiled.get(key)
  if (known !== undefined) return known
  const validate = schema === undefined ? null : compile(schema, coerce)
  compiled.set(key, validate)
  return validate
}

function bodyWithoutSchema(body: unknown): Breach[] {
  return [breach(`an answer where none is documented: ${JSON.stringify(body).slice(0, 200)}`)]
}

function breach(message: string): Breach {
  return { message, refused: false }
}
