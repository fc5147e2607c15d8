// A remote on loopback that wants a token, and misbehaves in the way the owner in its URLs says: `hang`, `stall`, `cut`,
// `moved`, `none`, `lag`, `strict`, or a status code. Any other owner is served.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { serveGit } from './smart-http.ts'

export interface RemoteState {
  /** `http://127.0.0.1:<port>`, once the tests run. */
  origin: string
  /** The header that opens the door. */
  readonly authorization: string
  readonly requests: string[]
  /** The Authorization header of each request. */
  readonly heard: (string | undefined)[]
  /** Bytes sent by git. */
  received: number
  /** The next request of owner `lag` is told that the commit is not there. */
  lagging: boolean
  /** Called while a client waits for an answer that will not come. */
  onHang: () => void
}

/** Serves `served.git` of a directory, and `strict.git` by the older protocol, while the tests of this file run. */
export function remoteServer(home: string, token: string): RemoteState {
  const remote: RemoteState = {
    origin: '',
    authorization: `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
    requests: [],
    heard: [],
    received: 0,
    lagging: false,
    onHang: () => undefined,
  }
  const server = createServer((request, response) => {
    void answer(remote, home, request, response)
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    remote.origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return remote
}

async function answer(
  remote: RemoteState,
  home: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '', remote.origin)
  const [, owner = '', name = ''] = url.pathname.split('/')
  const path = url.pathname.slice(`/${owner}/${name}`.length)
  remote.requests.push(`${request.method ?? ''} ${url.pathname}`)
  remote.heard.push(request.headers.authorization)
  if (owner === 'hang') {
    remote.onHang()
    return
  }
  if (owner === 'moved') {
    response
      .writeHead(301, { location: `http://localhost:${url.port}${request.url ?? ''}`.replace('moved', 'o') })
      .end()
    return
  }
  if (request.headers.authorization !== remote.authorization) {
    response
      .writeHead(401, { 'www-authenticate': 'Basic realm="git"' })
      .end(`no: ${request.headers.authorization ?? ''}`)
    return
  }
  if (owner === 'none') {
    response.writeHead(404).end('Repository not found.')
    return
  }
  if (/^\d+$/.test(owner)) {
    response.writeHead(Number(owner)).end()
    return
  }
  if (owner === 'lag' && remote.lagging) {
    remote.lagging = false
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
    response.end('0025ERR upload-pack: not our ref abcd\n')
    return
  }
  // The older protocol refuses ids that are no tip, unless the repository allows them.
  if (owner === 'strict') delete request.headers['git-protocol']
  if ((owner === 'stall' || owner === 'cut') && (await asksForPack(request)))
    truncate(remote, response, owner === 'stall')
  const write = response.write.bind(response)
  response.write = ((chunk: Buffer) => {
    remote.received += chunk.length
    return write(chunk)
  }) as typeof response.write
  const repository = owner === 'strict' ? join(home, 'strict.git') : join(home, 'served.git')
  await serveGit(request, response, { repository, path, service: url.searchParams.get('service') })
}

async function asksForPack(request: IncomingMessage): Promise<boolean> {
  if (request.method !== 'POST') return false
  const [chunk] = (await once(request, 'data')) as [Buffer]
  request.pause()
  request.unshift(chunk)
  return chunk.includes('command=fetch')
}

/**
 * Sends 100 bytes, enough for the client to lock its list of shallow commits, and then nothing (`hang`), or the end.
 */
function truncate(remote: RemoteState, response: ServerResponse, hang: boolean): void {
  const write = response.write.bind(response)
  let sent = 0
  response.write = ((chunk: Buffer) => {
    write(chunk.subarray(0, Math.max(0, 100 - sent)))
    sent += chunk.length
    return true
  }) as typeof response.write
  if (!hang) return
  response.end = () => {
    setTimeout(() => {
      remote.onHang()
    }, 200)
    return response
  }
}
