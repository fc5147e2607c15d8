// What a stranger may send before anybody knows who it is: so much, and no longer than that. And what the log says of it.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from '../../src/app.ts'
import type { RunningServer, ServerOptions } from '../../src/app.ts'
import { startWebServer } from '../../src/ops/web-server.ts'
import type { WebServerOptions } from '../../src/ops/web-server.ts'
import { startGitHub } from '../harness/index.ts'
import type { GitHub } from '../harness/index.ts'

const HOOK = '/api/github/webhooks'
const HEAD = `POST ${HOOK} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`
const MEBIBYTE = 'x'.repeat(2 ** 20)

/** Connects, and says something; `answer` is all that comes until the other side ends it. */
function speak(url: string, text: string): { readonly socket: Socket; readonly answer: Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let heard = ''
  socket.setEncoding('latin1').on('data', (part: string) => (heard += part))
  socket.on('error', () => undefined)
  const answer = once(socket, 'close').then(() => heard)
  socket.write(text)
  return { socket, answer }
}

/** One piece of a body whose length nobody says. */
function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

async function write(socket: Socket, text: string): Promise<void> {
  if (!socket.write(text)) await once(socket, 'drain')
}

/** The app, for as long as the tests around it. */
function running(options: ServerOptions): () => string {
  let [github, server, cacheDirectory]: [GitHub?, RunningServer?, string?] = []
  beforeAll(async () => {
    github = await startGitHub()
    cacheDirectory = await mkdtemp(join(tmpdir(), 'ambient-guard-web-'))
    server = await startServer(
      {
        ...{ appId: github.appId, privateKey: github.privateKey, webhookSecret: github.webhookSecret },
        ...{ host: '127.0.0.1', port: 0, github: { apiUrl: github.apiUrl, gitUrl: github.url }, network: {} },
        ...{ cacheDirectory, toolsDirectory: null, cacheLimit: 2 ** 40, redisUrl: null },
        ...{ logLevel: 'fatal', logFormat: 'json' },
        ...{ concurrency: 1, threads: 0, threadMemory: 1024, sweepInterval: 0 },
      },
      options,
    )
  })
  afterAll(async () => {
    await server?.stop()
    await github?.close()
    if (cacheDirectory !== undefined) await rm(cacheDirectory, { recursive: true, force: true })
  })
  return () => server?.url ?? ''
}

describe('a request that is large', { timeout: 25_000 }, () => {
  const url = running({})

  it('does not wait for a body that says that it is too large', async () => {
    const { answer } = speak(url(), `${HEAD}content-length: ${String(25 * 2 ** 20 + 1)}\r\n\r\n`)
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('reads no further where a body without a length becomes too large', async () => {
    const { socket, answer } = speak(url(), `${HEAD}transfer-encoding: chunked\r\n\r\n`)
    for (let count = 0; count < 25; count += 1) await write(socket, chunk(MEBIBYTE))
    // The body does not end here, so only what is too much can bring an answer.
    await write(socket, chunk('x'))
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('takes as much as GitHub may send', async () => {
    const headers = `x-github-event: push\r\nx-github-delivery: 1\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\n`
    const { socket, answer } = speak(
      url(),
      `${HEAD}${headers}connection: close\r\ncontent-length: ${String(25 * 2 ** 20)}\r\n\r\n`,
    )
    for (let count = 0; count < 25; count += 1) await write(socket, MEBIBYTE)
    // It was read to its end, and then its signature was looked at.
    expect(await answer).toMatch(/^HTTP\/1\.1 400 [^]*signature does not match/)
  })
})

describe('a request that is slow', { timeout: 25_000 }, () => {
  const url = running({ arrival: 500 })

  it.each([
    ['headers', 'x-a: '],
    ['a body with a length', 'content-length: 1000\r\n\r\n'],
    ['a body without one', 'transfer-encoding: chunked\r\n\r\n3e8\r\n'],
  ])('ends where %s come byte by byte', async (_, rest) => {
    const { socket, answer } = speak(url(), `${HEAD}${rest}`)
    const trickle = setInterval(() => socket.write('x'), 100)
    // Where something is on its way when the connection ends, it may take the answer with it.
    const end = await answer.catch(({ code }: NodeJS.ErrnoException) => code)
    expect(end).toMatch(/^HTTP\/1\.1 408 |^ECONNRESET$/)
    clearInterval(trickle)
  })
})

describe('a line for each request', () => {
  const lines: unknown[] = []
  const note = (level: string) => (fields: object, message: string) => {
    lines.push({ level, ...fields, message, milliseconds: 'milliseconds' in fields })
  }
  const start = (more: Partial<WebServerOptions> = {}): ReturnType<typeof startWebServer> => {
    lines.length = 0
    return startWebServer({
      ...{ host: '127.0.0.1', port: 0, path: HOOK },
      log: { info: note('info'), warn: note('warn'), error: note('error') },
      pages: new Map([
        ['/fine', () => ({ status: 200, text: 'fine' })],
        ['/ill', () => ({ status: 503, text: 'ill' })],
      ]),
      hear: ({ body }, response) => {
        response.writeHead(200).end(body)
        return Promise.resolve(true)
      },
      ...more,
    })
  }
  const answered = { level: 'info', message: 'a request was answered', milliseconds: true }

  it('but for looks at a page that succeed', async () => {
    const server = await start()
    const ask = async (path: string, init: RequestInit = {}): Promise<readonly [number, string]> => {
      const response = await fetch(`${server.url}${path}`, init)
      return [response.status, await response.text()]
    }
    const delivery = { 'x-github-delivery': 'd-1' }
    expect(await ask('/fine?verbose')).toEqual([200, 'fine'])
    expect(await ask('/ill')).toEqual([503, 'ill'])
    expect(await ask('/fine', { method: 'POST', body: 'x' })).toEqual([404, 'nothing is here\n'])
    expect(await ask('/constructor')).toEqual([404, 'nothing is here\n'])
    expect(await ask(`${HOOK}/`, { method: 'POST', body: 'schön', headers: delivery })).toEqual([
      200,
      'schön',
    ])
    await server.stop(10_000)
    expect(lines).toEqual([
      { ...answered, method: 'GET', path: '/ill', status: 503 },
      { ...answered, method: 'POST', path: '/fine', status: 404 },
      { ...answered, method: 'GET', path: '/constructor', status: 404 },
      { ...answered, method: 'POST', path: `${HOOK}/`, status: 200, delivery: 'd-1' },
    ])
  })

  it('also of one that goes before it is here, of which nothing is heard', async () => {
    const heard: string[] = []
    const server = await start({ hear: ({ body }) => Promise.resolve(heard.push(body) > 0) })
    const { socket, answer } = speak(
      server.url,
      `${HEAD}expect: 100-continue\r\ncontent-length: 9\r\n\r\nhalf`,
    )
    await once(socket, 'data')
    socket.destroy()
    await answer
    while (lines.length === 0) await new Promise(setImmediate)
    await server.stop(10_000)
    const message = 'a request ended without an answer'
    expect([heard, lines]).toEqual([[], [{ ...answered, message, method: 'POST', path: HOOK }]])
  })

  it('and one more where it is our fault', async () => {
    const server = await start({ hear: () => Promise.reject(new Error('oops')) })
    const { status } = await fetch(`${server.url}${HOOK}`, { method: 'POST', body: 'x' })
    await server.stop(10_000)
    expect(status).toBe(500)
    expect(lines).toMatchObject([
      { level: 'error', error: 'Error', message: 'a request was not understood' },
      { ...answered, status: 500 },
    ])
  })
})

it('a server that ends does not wait for a request that never does', { timeout: 20_000 }, async () => {
  const quiet = (): undefined => undefined
  const server = await startWebServer({
    ...{ host: '127.0.0.1', port: 0, path: HOOK, pages: new Map(), hear: () => Promise.resolve(true) },
    log: { info: quiet, warn: quiet, error: quiet },
  })
  const { socket, answer } = speak(server.url, `${HEAD}expect: 100-continue\r\ncontent-length: 9\r\n\r\n`)
  await once(socket, 'data')
  await server.stop(1)
  expect(await answer).toBe('HTTP/1.1 100 Continue\r\n\r\n')
})
