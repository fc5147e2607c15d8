// The only way out of this room: one request over https, to an allowed host at a checked address, without anything of
// ours in it. No proxy of the environment is used, since a proxy resolves names itself and what we checked would not
// be what is reached; where only a proxy leads out, pieces are vendored (docs/configuration.md).
import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIPv6 } from 'node:net'
import type { LookupFunction } from 'node:net'
import { addressesOf } from './address.ts'
import type { Resolve } from './address.ts'
import { hostOf, isAllowed } from './allow.ts'
import type { Deadline } from './limits.ts'
import { LATER, Refusal, VENDOR, notAllowed } from './refusal.ts'

export interface WebOptions {
  readonly allow: readonly string[]
  readonly resolve: Resolve
  /** Addresses that count as public, and are spoken to without TLS. Only tests have any. */
  readonly testAddresses: readonly string[]
}

export interface Ask {
  /** With a body it is a POST, which follows no redirect. */
  readonly body?: Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is to the origin of the URL, and to nobody a redirect leads to. */
  readonly authorization?: string | undefined
  /** Of the answer. */
  readonly maxBytes: number
  /** For people: `the index of its repository`. */
  readonly what: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Where it came from in the end. */
  readonly url: URL
}

/** Asks one URL; any status is an answer. @throws Refusal */
export type Web = (url: URL, ask: Ask) => Promise<Answer>

const MAX_REDIRECTS = 3

/** The web within one deadline. */
export function openWeb(options: WebOptions, deadline: Deadline): Web {
  return async (url, ask) => {
    let at = url
    for (let redirects = 0; ; redirects += 1) {
      permit(at, at === url ? null : url, options.allow)
      const answer = await once(
        at,
        at.origin === url.origin ? ask : { ...ask, authorization: undefined },
        options,
        deadline,
      )
      const next = redirectOf(answer)
      if (next === null) return answer
      if (ask.body !== undefined || redirects === MAX_REDIRECTS)
        throw new Refusal(`${hostOf(url)} redirects too often`, VENDOR)
      at = next
    }
  }
}

/** An answer of the status 200. @throws Refusal for any other */
export async function fetched(web: Web, url: URL, ask: Ask): Promise<Answer> {
  const answer = await web(url, ask)
  if (answer.status === 200) return answer
  const remedy =
    answer.status >= 500 ? LATER : 'Correct where it is fetched from; what needs a login must be vendored.'
  throw new Refusal(`${hostOf(answer.url)} answers ${String(answer.status)} for ${ask.what}`, remedy)
}

/** A URL that a stranger wrote. @throws Refusal; it never repeats what may be a secret */
export function parseUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new Refusal('its URL cannot be read', 'Correct the URL.')
  return new URL(text, base)
}

/** May this URL be asked, as far as it can be told without asking? `from` is what leads there. @throws Refusal */
export function permit(url: URL, from: URL | null, allow: readonly string[]): void {
  const host = url.hostname === '' ? 'its URL' : hostOf(url)
  if (url.username !== '' || url.password !== '')
    throw new Refusal(
      `its URL at ${host} holds credentials`,
      'Take them out of the URL; what needs a login must be vendored.',
    )
  if (url.protocol !== 'https:')
    throw new Refusal(
      `${host} would not be asked over https`,
      'Name it by https, or vendor it into the tree.',
    )
  if (isAllowed(url, allow)) return
  if (from === null) throw notAllowed(host)
  const { remedy } = notAllowed(host)
  throw new Refusal(`${hostOf(from)} redirects to ${host}, which is not allowed`, remedy)
}

async function once(url: URL, ask: Ask, options: WebOptions, deadline: Deadline): Promise<Answer> {
  try {
    const { resolve, testAddresses } = options
    const addresses = await addressesOf(url.hostname, { resolve, public: testAddresses, deadline })
    const plain = addresses.every((address) => testAddresses.includes(address))
    return await exchange(url, ask, { addresses, plain, deadline })
  } catch (error) {
    if (error instanceof Refusal) throw error
    if (deadline.signal.aborted) throw new Refusal(`${hostOf(url)} did not answer in time`, LATER)
    const { code } = error as NodeJS.ErrnoException
    throw new Refusal(`${hostOf(url)} cannot be reached${code === undefined ? '' : ` (${code})`}`, LATER)
  }
}

function exchange(
  url: URL,
  ask: Ask,
  way: { readonly addresses: readonly string[]; readonly plain: boolean; readonly deadline: Deadline },
): Promise<Answer> {
  const options: RequestOptions = {
    method: ask.body === undefined ? 'GET' : 'POST',
    // A connection of its own: one that is kept might have been made for an address of another day.
    agent: false,
    lookup: only(way.addresses),
    signal: way.deadline.signal,
    headers: {
      'user-agent': 'ambient-guard',
      'accept-encoding': 'identity',
      ...ask.headers,
      ...(ask.authorization === undefined ? {} : { authorization: ask.authorization }),
      ...(ask.body === undefined ? {} : { 'content-length': String(ask.body.length) }),
    },
  }
  return new Promise((resolve, reject) => {
    const target = way.plain ? new URL(url.href.replace(/^https/, 'http')) : url
    const request = (way.plain ? httpRequest : httpsRequest)(target, options, (response) => {
      collect(response, url, ask).then(resolve, (error: unknown) => {
        request.destroy()
        reject(error as Error)
      })
    })
    request.once('error', reject)
    request.end(ask.body)
  })
}

/** A lookup that knows these addresses and nothing else. */
function only(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_name, options, done) => {
    const [first] = all
    if (options.all === true) done(null, all)
    else done(null, first?.address ?? '', first?.family ?? 4)
  }
}

async function collect(response: IncomingMessage, url: URL, ask: Ask): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  const tooLarge = new Refusal(
    `${hostOf(url)} sends more than ${String(Math.floor(ask.maxBytes / 1024 / 1024))} MiB for ${ask.what}`,
    VENDOR,
  )
  if (Number(response.headers['content-length'] ?? 0) > ask.maxBytes) throw tooLarge
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ask.maxBytes) throw tooLarge
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), url }
}

function redirectOf({ status, headers, url }: Answer): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return null
  return parseUrl(headers.location, url)
}
