// Git over smart HTTP, for whoever holds an installation token that may read the contents.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveGit } from '../../git/smart-http.ts'
import type { World } from '../model/world.ts'
import type { Fault } from '../types.ts'
import { endingOf, failure, hold, works } from './faults.ts'
import type { Ending } from './faults.ts'
import type { Log } from './log.ts'
import { allows, isSuspended, reaches } from './tokens.ts'
import type { Actor, Tokens } from './tokens.ts'

interface Parts {
  readonly world: World
  readonly tokens: Tokens
  readonly log: Log
}

export async function answerGit(
  { world, tokens, log }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const seen = { method: request.method ?? 'GET', path: url.pathname, operations: [] }
  const at = Date.now()
  const fault = log.faultFor(seen)
  const gone = await log.runHooks('before', seen)
  const actor = actorOf(tokens, request.headers.authorization)
  let recorded = false
  const record = (ending: Ending): void => {
    if (recorded) return
    recorded = true
    const query = url.searchParams.toString()
    const status = ending === 'answer' ? response.statusCode : 0
    log.requests.push({ ...seen, query, body: undefined, by: actor.kind, status, at, write: false })
  }
  if (gone || (fault !== undefined && !works(fault))) {
    const ending = gone ? 'hang up' : endingOf(fault)
    request.resume()
    if (ending === 'answer' && fault !== undefined) fail(response, fault)
    else if (ending === 'hang up') request.socket.destroy()
    return record(ending)
  }
  const held = hold(response, fault?.truncates === true, async () => {
    const lost = await log.runHooks('after', seen)
    const wanted = endingOf(fault)
    // There is no other status to be had once the answer has begun.
    const ending = lost || (wanted === 'answer' && fault !== undefined) ? 'hang up' : wanted
    record(ending)
    return ending
  })
  await Promise.all([held, serve(world, actor, request, response, url)])
  record('hang up')
}

async function serve(
  world: World,
  actor: Actor,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const [, owner = '', name = '', path = ''] = /^\/([^/]+)\/([^/]+)\.git(\/.*)$/.exec(url.pathname) ?? []
  const refuse = (status: number, text: string): void => {
    const headers = status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}
    request.resume()
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`${text}\n`)
  }
  if (actor.kind !== 'installation') return refuse(401, 'Authentication failed')
  if (isSuspended(actor)) return refuse(403, 'This installation has been suspended')
  const repo = world.repository(owner, name)
  if (repo === undefined || !reaches(world, actor.token, repo)) return refuse(404, 'Repository not found.')
  if (!allows(actor.token.permissions, 'contents', 'read')) return refuse(403, 'Write access not granted.')
  await serveGit(request, response, {
    repository: repo.git.path,
    path,
    service: url.searchParams.get('service'),
  })
}

function fail(response: ServerResponse, fault: Fault): void {
  const { status, message, headers } = failure(fault)
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`${message}\n`)
}

/** Git sends the token as the password of `x-access-token`; an app's JWT opens no repository. */
function actorOf(tokens: Tokens, header: string | undefined): Actor {
  if (header === undefined || !/^basic /i.test(header)) return { kind: 'nobody' }
  try {
    return tokens.actor(header)
  } catch {
    return { kind: 'nobody' }
  }
}
