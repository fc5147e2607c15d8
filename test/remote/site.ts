// A web of the tests' own: hosts with names, all on loopback, that answer as a test says.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createRemote } from '../../src/remote/remote.ts'
import type { RemoteOptions } from '../../src/remote/remote.ts'
import type { Remote } from '../../src/manifests/unit.ts'

export interface Heard {
  readonly host: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

export interface Site {
  /** `:<port>`, once the tests run. */
  port: string
  /** Every request since the test began. */
  readonly heard: Heard[]
  /** Names that were resolved since the test began. */
  readonly resolved: string[]
  /** Answers a request; what is not answered is a 404. `path` has the query. */
  answer: (host: string, path: string, response: ServerResponse, request: IncomingMessage) => unknown
  /** Where names lead: everything to 127.0.0.1 unless a test says otherwise. */
  addresses: (name: string) => readonly string[]
}

/** Serves while the tests of this file run. */
export function site(): Site {
  const state: Site = {
    port: '',
    heard: [],
    resolved: [],
    answer: () => undefined,
    addresses: () => ['127.0.0.1'],
  }
  const server = createServer((request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    const path = request.url ?? ''
    state.heard.push({ host, path, headers: request.headers })
    void (async () => {
      if ((await state.answer(host, path, response, request)) === undefined && !response.headersSent)
        response.writeHead(404).end()
    })()
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    state.port = `:${String((server.address() as AddressInfo).port)}`
  })
  beforeEach(() => {
    state.heard.length = 0
    state.resolved.length = 0
    state.answer = () => undefined
    state.addresses = () => ['127.0.0.1']
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return state
}

/** Answers from a table of `host/path` to bytes or text. */
export function serve(state: Site, table: Readonly<Record<string, string | Uint8Array>>): void {
  state.answer = (host, path, response) => {
    const found = table[`${host}${path}`]
    return found === undefined ? undefined : response.end(found)
  }
}

/** Allows these names at the port of the site, where loopback counts as public. */
export function remoteOf(state: Site, allow: readonly string[], more: Partial<RemoteOptions> = {}): Remote {
  return createRemote({
    allow: allow.map((host) => `${host}${state.port}`),
    cacheDirectory: null,
    testAddresses: ['127.0.0.1'],
    resolve: (name) => {
      state.resolved.push(name)
      return Promise.resolve(state.addresses(name))
    },
    ...more,
  })
}
