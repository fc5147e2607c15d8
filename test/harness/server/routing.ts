// A route is an operation of GitHub's description: method and path template as it is written there.
import type { Level } from '../types.ts'
import type { World } from '../model/world.ts'
import type { PullRecord, RepositoryRecord } from '../model/records.ts'
import { ApiError, forbidden, notFound } from '../errors.ts'
import { allows, reaches } from './tokens.ts'
import type { Actor, TokenRecord, Tokens } from './tokens.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export interface Call {
  readonly world: World
  readonly tokens: Tokens
  readonly actor: Actor
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Already checked against the description: handlers read what they know. */
  readonly body: Readonly<Record<string, unknown>>
  readonly accept: string
  /** The URL without its query, for links to other pages. */
  readonly url: string
}
export interface Answer {
  readonly status: number
  readonly body?: unknown
  /** Instead of JSON. */
  readonly raw?: { readonly type: string; readonly content: Buffer | string }
  readonly headers?: Readonly<Record<string, string>>
}
export interface Route {
  readonly method: Method
  readonly template: string
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** Parameters that may hold slashes when they come last. */
const LONG = new Set(['path', 'ref', 'basehead', 'branch'])

export class Router {
  private readonly entries: readonly { route: Route; pattern: RegExp; names: readonly string[] }[]

  constructor(routes: readonly Route[]) {
    this.entries = [...routes].sort((a, b) => openness(a) - openness(b)).map(compile)
  }

  match(method: string, path: string): { route: Route; params: Record<string, string> } | null {
    for (const { route, pattern, names } of this.entries) {
      const found = route.method === method ? pattern.exec(path) : null
      if (found !== null) {
        const values = names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')] as const)
        return { route, params: Object.fromEntries(values) }
      }
    }
    return null
  }
}

export function token(call: Call): TokenRecord {
  if (call.actor.kind === 'installation') return call.actor.token
  if (call.actor.kind === 'nobody') throw new ApiError(401, 'Requires authentication')
  throw forbidden('Resource not accessible by this token: an installation token is needed')
}

export function appOnly(call: Call): void {
  if (call.actor.kind === 'app') return
  throw new ApiError(401, 'A JSON web token could not be decoded')
}

/** The repository of the call, if the token reaches it and carries every permission. */
export function repositoryOf(call: Call, ...needs: readonly (readonly [string, Level])[]): RepositoryRecord {
  const record = token(call)
  const repo = call.world.repository(call.params['owner'] ?? '', call.params['repo'] ?? '')
  if (repo === undefined || !reaches(call.world, record, repo)) throw notFound()
  for (const [name, level] of needs) if (!allows(record.permissions, name, level)) throw forbidden()
  if (repo.archived && needs.some(([, level]) => level !== 'read'))
    throw forbidden('Repository was archived so is read-only.')
  return repo
}

/** At least one of these permissions. */
export function needOne(call: Call, ...needs: readonly (readonly [string, Level])[]): void {
  const { permissions } = token(call)
  if (!needs.some(([name, level]) => allows(permissions, name, level))) throw forbidden()
}

export function pullOf(repo: RepositoryRecord, number: string | undefined): PullRecord {
  const pull = repo.pulls.get(Number(number))
  if (pull === undefined) throw notFound()
  return pull
}

/** One page of a list, with GitHub's Link header; at most a hundred at once. */
export function page<T>(call: Call, items: readonly T[]): { items: T[]; headers: Record<string, string> } {
  const size = Math.min(100, Math.max(1, Number(call.query.get('per_page') ?? 30) || 30))
  const at = Math.max(1, Number(call.query.get('page') ?? 1) || 1)
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(call.query)
    query.set('page', String(to))
    return `<${call.url}?${query.toString()}>; rel="${rel}"`
  }
  const links = [
    ...(at > 1 ? [link(at - 1, 'prev'), link(1, 'first')] : []),
    ...(at < last ? [link(at + 1, 'next'), link(last, 'last')] : []),
  ]
  return {
    items: items.slice((at - 1) * size, at * size),
    headers: links.length === 0 ? {} : { link: links.join(', ') },
  }
}

/** A text of the body, or undefined. */
export function text(call: Call, key: string): string | undefined {
  const value = call.body[key]
  return typeof value === 'string' ? value : undefined
}

function compile(route: Route): { route: Route; pattern: RegExp; names: readonly string[] } {
  const names: string[] = []
  const pattern = route.template
    .split('/')
    .slice(1)
    .map((part, index, all) => {
      const name = /^\{(.+)\}$/.exec(part)?.[1]
      if (name === undefined) return `/${part.replaceAll('.', '\\.')}`
      names.push(name)
      if (!LONG.has(name) || index < all.length - 1) return '/([^/]+)'
      // The contents of the root have no path at all.
      return name === 'path' ? '(?:/(.*))?' : '/(.+)'
    })
    .join('')
  return { route, pattern: new RegExp(`^${pattern}/?$`), names }
}

function openness({ template }: Route): number {
  const last = /\{([^}]+)\}$/.exec(template)?.[1]
  return template.split('{').length + (last !== undefined && LONG.has(last) ? 100 : 0)
}
