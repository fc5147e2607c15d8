// The HTTP face: who asks, is it well-formed, does a story want it to fail, what do we answer, is that in order.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { checkRequest, checkResponse } from '../contract/contract.ts'
import type { Breach } from '../contract/contract.ts'
import { ApiError, forbidden, notFound } from '../errors.ts'
import { operationsOf, runGraphql } from '../graphql/graphql.ts'
import type { World } from '../model/world.ts'
import { endingOf, failure, sendHalf, works } from './faults.ts'
import { answerGit } from './git.ts'
import type { Log } from './log.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Answer, Route, Router } from './routing.ts'
import { isSuspended } from './tokens.ts'
import type { Actor, Tokens } from './tokens.ts'

export interface Parts {
  readonly world: World
  readonly router: Router
  readonly tokens: Tokens
  readonly log: Log
  readonly limit: RateLimit
}
interface Exchange {
  readonly method: string
  /** Without `/api/v3`, still encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly url: string
  readonly body: unknown
  readonly accept: string
  readonly operations: readonly string[]
  actor: Actor
}

/** Where the connection ended before there was an answer. */
const NOTHING: Answer = { status: 0 }

/** Listens on a free loopback port. */
export async function listen(parts: Parts): Promise<Server> {
  const server = createServer((request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      parts.log.violations.push(
        `the stand-in failed on ${request.method ?? ''} ${request.url ?? ''}: ${trace(error)}`,
      )
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  // Only the connections that a test breaks break: a busy machine is late to see that one has been idle for too long.
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function serve(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', parts.world.origin)
  if (/\.git\//.test(url.pathname)) return answerGit(parts, request, response, url)
  const exchange = await read(parts.world, request, url)
  const at = Date.now()
  const { log } = parts
  const fault = log.faultFor(exchange)
  const gone = await log.runHooks('before', exchange)
  const work = !gone && works(fault) ? await answer(parts, exchange, request) : null
  const lost = gone || (work !== null && (await log.runHooks('after', exchange)))
  const ending = lost ? 'hang up' : endingOf(fault)
  const final = fault === undefined || fault.truncates === true ? (work ?? NOTHING) : failure(fault)
  log.requests.push({
    method: exchange.method,
    path: exchange.path,
    query: exchange.query.toString(),
    body: exchange.body,
    operations: exchange.operations,
    by: exchange.actor.kind,
    status: ending === 'answer' ? final.status : 0,
    at,
    write: isWrite(exchange),
  })
  if (ending === 'hang up') request.socket.destroy()
  else if (ending !== 'hang') send(response, final, ending === 'half')
}

async function read(world: World, request: IncomingMessage, url: URL): Promise<Exchange> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    body = text
  }
  const path = url.pathname.replace(/^\/api\/v3(?=\/)|^\/api(?=\/graphql$)/, '')
  const graphql = path === '/graphql'
  return {
    method: request.method ?? 'GET',
    path,
    query: url.searchParams,
    url: world.origin + url.pathname,
    body,
    accept: request.headers.accept ?? '',
    operations: graphql ? operationsOf(body) : [],
    actor: { kind: 'nobody' },
  }
}

async function answer(parts: Parts, exchange: Exchange, request: IncomingMessage): Promise<Answer> {
  const graphql = exchange.path === '/graphql'
  const resource = graphql ? 'graphql' : 'core'
  const work = async (): Promise<Answer> => {
    exchange.actor = parts.tokens.actor(request.headers.authorization)
    if (isSuspended(exchange.actor)) throw forbidden('This installation has been suspended')
    if (parts.limit.exhausted(exchange.actor, resource)) {
      throw new ApiError(403, 'API rate limit exceeded for installation.')
    }
    return graphql ? answerGraphql(parts, exchange) : answerRest(parts, exchange)
  }
  const result = await work().catch(refusal)
  const headers = parts.limit.take(exchange.actor, resource)
  return withEtag({ ...result, headers: { ...headers, ...result.headers } }, exchange, request)
}

async function answerGraphql({ world, log }: Parts, exchange: Exchange): Promise<Answer> {
  if (exchange.method !== 'POST') throw notFound()
  if (exchange.actor.kind !== 'installation')
    throw new ApiError(401, 'This endpoint requires you to be authenticated.')
  const { result, unknown } = await runGraphql(world, exchange.actor.token, exchange.body)
  log.unknown.push(...unknown)
  return { status: 200, body: result }
}

async function answerRest({ world, router, tokens, log }: Parts, exchange: Exchange): Promise<Answer> {
  const { method, path, query, body } = exchange
  const found = router.match(method, path)
  if (found === null) {
    log.unknown.push(`${method} ${path}`)
    throw new ApiError(404, `Not Found (the stand-in has no ${method} ${path})`)
  }
  const { route, params } = found
  const name = `${method} ${route.template}`
  const breaches = checkRequest(method, route.template, query, body)
  log.violations.push(...breaches.map(({ message }) => `${name}, request: ${message}`))
  if (breaches.length > 0) return breached(name, breaches)
  const call = {
    world,
    tokens,
    params,
    query,
    accept: exchange.accept,
    url: exchange.url,
    actor: exchange.actor,
  }
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const result = await Promise.resolve()
    .then(() => route.handle({ ...call, body: fields }))
    .catch(refusal)
  return checked(log, route, result)
}

/** The answer, or 500 if it is not what GitHub would say. */
export function checked(log: Log, route: Pick<Route, 'method' | 'template'>, result: Answer): Answer {
  if (result.raw !== undefined) return result
  const plain: unknown = result.body === undefined ? undefined : JSON.parse(JSON.stringify(result.body))
  const breaches = checkResponse(route.method, route.template, result.status, plain)
  if (breaches.length === 0) return result
  const name = `${route.method} ${route.template}`
  log.violations.push(
    ...breaches.map(({ message }) => `${name}, answer ${String(result.status)}: ${message}`),
  )
  return breached(name, breaches)
}

/** What GitHub would refuse is refused as GitHub does; what it would swallow is our 500. */
function breached(name: string, breaches: readonly Breach[]): Answer {
  const errors = breaches.map(({ message }) => message)
  const refused = breaches.every((breach) => breach.refused)
  const message = refused ? 'Validation Failed' : `The stand-in refuses ${name}: ${errors.join('; ')}`
  return refusal(new ApiError(refused ? 422 : 500, message, errors))
}

function refusal(error: unknown): Answer {
  if (error instanceof ApiError) return { status: error.status, body: error.body() }
  throw error
}

/** Answers that have not changed cost nothing: 304. */
function withEtag(result: Answer, { method }: Exchange, request: IncomingMessage): Answer {
  if (method !== 'GET' || result.status !== 200) return result
  const content = result.raw?.content ?? JSON.stringify(result.body)
  const etag = `W/"${createHash('sha256').update(content).digest('hex')}"`
  const headers = { ...result.headers, etag }
  return request.headers['if-none-match'] === etag ? { status: 304, headers } : { ...result, headers }
}

function send(response: ServerResponse, { status, body, raw, headers }: Answer, half: boolean): void {
  const content = Buffer.from(raw?.content ?? (body === undefined ? '' : JSON.stringify(body)))
  response.writeHead(status, {
    'content-type': raw?.type ?? 'application/json; charset=utf-8',
    'x-github-media-type': 'github.v3; format=json',
    ...(half ? { 'content-length': content.length } : {}),
    ...headers,
  })
  if (half) sendHalf(response, content)
  else response.end(content)
}

function isWrite({ method, path, body, operations }: Exchange): boolean {
  if (path === '/graphql') return operations.length > 0 && /^\s*mutation\b/.test(queryText(body))
  return method !== 'GET' && !path.endsWith('/access_tokens')
}

function queryText(body: unknown): string {
  return typeof body === 'object' && body !== null && 'query' in body ? String(body.query) : ''
}

function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
