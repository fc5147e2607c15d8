// The HTTP server. Whoever sends something is a stranger until its signature is known, and that takes the whole of it: so
// how much there may be and how long it may take is limited here. Probot's own server has no such limits, and logs each
// look of a kubelet.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorFields } from './log.ts'
import type { Log } from './log.ts'
import { within } from './queue.ts'

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap */
const MOST_BYTES = 25 * 1024 * 1024
/** Milliseconds that a request may take to arrive. GitHub itself gives up after ten seconds. */
const ARRIVAL = 30_000
/** Characters of what a stranger wrote that are logged. */
const MOST_LOGGED = 200

export interface Page {
  readonly status: number
  readonly text: string
  /** `text/plain` by default. */
  readonly type?: string
}

/** A request whose body has been read; answers it, and is false where it did not. */
export type Hear = (
  request: IncomingMessage & { readonly body: string },
  response: ServerResponse,
) => Promise<boolean>

export interface WebServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** What is posted there is heard. */
  readonly path: string
  readonly hear: Hear
  /** What can be looked at, by path. A look that succeeds is not logged. */
  readonly pages: ReadonlyMap<string, () => Page | Promise<Page>>
  readonly log: Log
  /** Instead of `ARRIVAL`. */
  readonly arrival?: number | undefined
}

export interface WebServer {
  /** `http://host:port` */
  readonly url: string
  /** Takes no more requests, and resolves when all are answered or so many milliseconds have passed. */
  stop(milliseconds: number): Promise<void>
}

/** Resolves when it listens. @throws the error of node:net where it cannot */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { host, port, log, arrival = ARRIVAL } = options
  const server = createServer(
    // Node looks at all connections in such intervals, ends those that are late, and answers them with 408.
    { requestTimeout: arrival, headersTimeout: arrival, connectionsCheckingInterval: Math.ceil(arrival / 6) },
    (request, response) => {
      report(request, response, options)
      answer(request, response, options).catch((error: unknown) => {
        log.error(errorFields(error), 'a request was not understood')
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    },
  )
  server.listen({ host, port })
  await once(server, 'listening')
  server.on('error', (error) => {
    log.error(errorFields(error), 'a connection was not taken')
  })
  const { address, family, port: chosen } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${String(chosen)}`,
    async stop(milliseconds) {
      const closed = new Promise((resolve) => server.close(resolve))
      if (!(await within(closed, milliseconds))) server.closeAllConnections()
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { path, hear, pages }: WebServerOptions,
): Promise<void> {
  const asked = pathOf(request)
  const make = request.method === 'GET' || request.method === 'HEAD' ? pages.get(asked) : undefined
  if (make !== undefined) {
    say(response, await make())
    return
  }
  if (request.method === 'POST' && asked.replace(/\/+$/, '') === path) {
    const body = await bodyOf(request)
    if (body === 'gone') return
    if (body === 'too large') {
      response.setHeader('connection', 'close')
      say(response, { status: 413, text: 'no webhook is that large\n' })
      return
    }
    if (await hear(Object.assign(request, { body: body.toString('utf8') }), response)) return
  }
  say(response, { status: 404, text: 'nothing is here\n' })
}

function say(response: ServerResponse, { status, text, type = 'text/plain' }: Page): void {
  response.writeHead(status, { 'content-type': type }).end(text)
}

/** The body, unless there is more of it than may be, or its sender goes before all of it is here. */
function bodyOf(request: IncomingMessage): Promise<Buffer | 'too large' | 'gone'> {
  // Node reads no more of a body than its length says.
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) return Promise.resolve('too large')
  return new Promise((resolve) => {
    let bytes = 0
    let chunks: Buffer[] = []
    const take = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes <= MOST_BYTES) {
        chunks.push(chunk)
        return
      }
      chunks = []
      request.off('data', take)
      resolve('too large')
    }
    request
      .on('data', take)
      .once('end', () => {
        resolve(Buffer.concat(chunks))
      })
      .once('close', () => {
        resolve('gone')
      })
  })
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0] ?? ''
}

/** A line for each request, but for looks at pages that succeed: a kubelet and a Prometheus take many. */
function report(request: IncomingMessage, response: ServerResponse, { log, pages }: WebServerOptions): void {
  const begun = performance.now()
  response.once('close', () => {
    const path = pathOf(request)
    const answered = response.writableFinished
    if (answered && response.statusCode < 400 && pages.has(path)) return
    const delivery = request.headers['x-github-delivery']
    log.info(
      {
        method: request.method,
        path: path.slice(0, MOST_LOGGED),
        ...(typeof delivery === 'string' ? { delivery: delivery.slice(0, MOST_LOGGED) } : {}),
        ...(answered ? { status: response.statusCode } : {}),
        milliseconds: Math.round(performance.now() - begun),
      },
      answered ? 'a request was answered' : 'a request ended without an answer',
    )
  })
}
