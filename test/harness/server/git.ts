// Git over smart HTTP, for whoever holds an installation token that may read the contents.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveGit } from '../../git/smart-http.ts'
import type { Log } from './log.ts'
import { allows, reaches } from './tokens.ts'
import type { Actor, Tokens } from './tokens.ts'
import type { World } from '../model/world.ts'

export async function answerGit(
  { world, tokens, log }: { world: World; tokens: Tokens; log: Log },
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const [, owner = '', name = '', path = ''] = /^\/([^/]+)\/([^/]+)\.git(\/.*)$/.exec(url.pathname) ?? []
  const seen = { method: request.method ?? 'GET', path: url.pathname, operations: [] }
  const at = Date.now()
  let by: Actor['kind'] = 'nobody'
  const fault = log.faultFor(seen)
  await log.runHooks(seen)
  const refuse = (status: number, text: string): void => {
    const headers = status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}
    request.resume()
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(`${text}\n`)
  }
  const decide = async (): Promise<void> => {
    if (fault?.hangUp === true) return void request.socket.destroy()
    if (fault !== undefined) return refuse(fault.status ?? 502, 'a story wanted this')
    const actor = actorOf(tokens, request.headers.authorization)
    by = actor.kind
    if (actor.kind !== 'installation') return refuse(401, 'Authentication failed')
    const repo = world.repository(owner, name)
    if (repo === undefined || !reaches(world, actor.token, repo)) return refuse(404, 'Repository not found.')
    if (!allows(actor.token.permissions, 'contents', 'read')) return refuse(403, 'Write access not granted.')
    await serveGit(request, response, {
      repository: repo.git.path,
      path,
      service: url.searchParams.get('service'),
    })
  }
  await decide()
  const status = response.headersSent ? response.statusCode : 0
  const query = url.searchParams.toString()
  log.requests.push({ ...seen, query, body: undefined, by, status, at, write: false })
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
