// Git's smart HTTP protocol, read side only, over a bare repository: what `git http-backend` does, which not
// every installation of git brings. Whoever calls this has already decided that the caller may read.
// Protocol: https://git-scm.com/docs/http-protocol and https://git-scm.com/docs/protocol-v2
import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

export interface GitRequest {
  /** Directory of the bare repository. */
  readonly repository: string
  /** What follows the repository in the URL: `/info/refs` or `/git-upload-pack`. */
  readonly path: string
  /** The `service` parameter of the query; only `git-upload-pack` is served. */
  readonly service: string | null
}

/**
 * Answers one request of a fetching git client; protocol versions 0, 1 and 2, plain and gzip bodies.
 * Pushing is refused with 403, any other path with 404. Resolves when the response has ended, however it ended.
 */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  options: GitRequest,
): Promise<void> {
  const { path, service, repository } = options
  if (request.method === 'GET' && path === '/info/refs') {
    if (service !== 'git-upload-pack') return refuse(response, 403, 'only git-upload-pack is served')
    return uploadPack(request, response, repository, 'advertisement')
  }
  if (request.method === 'POST' && path === '/git-upload-pack') {
    return uploadPack(request, response, repository, 'result')
  }
  return refuse(response, path.startsWith('/git-') ? 403 : 404, 'not found')
}

async function uploadPack(
  request: IncomingMessage,
  response: ServerResponse,
  repository: string,
  phase: 'advertisement' | 'result',
): Promise<void> {
  const header = request.headers['git-protocol']
  const protocol = typeof header === 'string' ? header : ''
  const flags =
    phase === 'advertisement' ? ['--stateless-rpc', '--http-backend-info-refs'] : ['--stateless-rpc']
  const git = spawn('git', ['upload-pack', ...flags, repository], {
    env: environment(protocol),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = new Promise<void>((resolve) => {
    git.once('close', () => {
      resolve()
    })
    git.once('error', () => {
      response.destroy()
      resolve()
    })
  })
  response.once('close', () => git.kill('SIGKILL'))
  response.writeHead(200, {
    'content-type': `application/x-git-upload-pack-${phase}`,
    'cache-control': 'no-cache',
  })
  // Version 2 announces itself; the older ones are introduced by a line that names the service.
  if (phase === 'advertisement' && !protocol.includes('version=2')) {
    response.write(`${packet('# service=git-upload-pack\n')}0000`)
  }
  await Promise.allSettled([feed(request, git.stdin, phase), pipeline(git.stdout, response), ended])
}

async function feed(
  request: IncomingMessage,
  stdin: NodeJS.WritableStream,
  phase: 'advertisement' | 'result',
): Promise<void> {
  if (phase === 'advertisement') {
    request.resume()
    stdin.end()
    return
  }
  const encoding = request.headers['content-encoding']
  if (encoding === 'gzip' || encoding === 'x-gzip') await pipeline(request, createGunzip(), stdin)
  else await pipeline(request, stdin)
}

function environment(protocol: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    ...(protocol === '' ? {} : { GIT_PROTOCOL: protocol }),
  }
}

function packet(line: string): string {
  return (line.length + 4).toString(16).padStart(4, '0') + line
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${reason}\n`)
}
