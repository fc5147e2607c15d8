// The GraphQL endpoint: what REST cannot do (exact commits, hiding, resolving threads) and reading threads.
import type { TokenRecord } from '../server/tokens.ts'
import type { World } from '../model/world.ts'
import { FieldError, execute, flatten } from './execute.ts'
import type { Args, Type } from './execute.ts'
import { mutations } from './mutations.ts'
import { parse } from './parse.ts'
import { queries } from './queries.ts'

/** The root fields of a request body; empty when it cannot be read. */
export function operationsOf(body: unknown): readonly string[] {
  try {
    const document = parse(queryOf(body))
    return flatten(document, rootName(document.type), document.selection).map((field) => field.name)
  } catch {
    return []
  }
}

/** Answers a request; `unknown` lists fields that the stand-in does not have. */
export async function runGraphql(
  world: World,
  token: TokenRecord,
  body: unknown,
): Promise<{ result: Record<string, unknown>; unknown: readonly string[] }> {
  try {
    const document = parse(queryOf(body))
    const viewer = { world, token }
    const fields = document.type === 'mutation' ? mutations(viewer) : queries(viewer)
    const root: Type = { __typename: rootName(document.type), ...fields }
    const { data, errors, unknown } = await execute(document, root, variablesOf(body))
    const result = { ...(data === null ? {} : { data }), ...(errors.length === 0 ? {} : { errors }) }
    return { result, unknown: unknown.map((field) => `GraphQL ${field}`) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof FieldError) return { result: { errors: [{ message }] }, unknown: [] }
    return { result: { errors: [{ message }] }, unknown: [`GraphQL that cannot be read: ${message}`] }
  }
}

function rootName(type: 'query' | 'mutation'): string {
  return type === 'mutation' ? 'Mutation' : 'Query'
}

function queryOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'query' in body ? String(body.query) : ''
}

function variablesOf(body: unknown): Args {
  const variables = typeof body === 'object' && body !== null && 'variables' in body ? body.variables : null
  return typeof variables === 'object' && variables !== null ? (variables as Args) : {}
}
