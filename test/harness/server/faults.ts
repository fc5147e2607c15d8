// How an answer goes wrong: what a fault says instead of it, and the ways in which a connection ends early.
import type { ServerResponse } from 'node:http'
import { ApiError } from '../errors.ts'
import type { Fault } from '../types.ts'
import type { Answer } from './routing.ts'

/** `hang up`: the connection ends. `hang`: it stays, and nothing more comes. `half`: so much of the body, then the end. */
export type Ending = 'answer' | 'hang up' | 'hang' | 'half'

/** Is the work done, whatever becomes of the answer? */
export function works(fault: Fault | undefined): boolean {
  return fault === undefined || fault.afterWrite === true || fault.truncates === true
}

export function endingOf(fault: Fault | undefined): Ending {
  if (fault?.hangUp === true) return 'hang up'
  if (fault?.hangs === true) return 'hang'
  return fault?.truncates === true ? 'half' : 'answer'
}

/** What GitHub says with a status (docs: troubleshooting the REST API). */
const SAYS: Readonly<Record<number, string>> = {
  401: 'Bad credentials',
  403: 'Resource not accessible by integration',
  404: 'Not Found',
  422: 'Validation Failed',
}
const LIMIT = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'

/** The answer that a story wants instead of the real one. */
export function failure({ status = 502, body, headers = {} }: Fault): Answer & { readonly message: string } {
  const limited = (status === 403 && 'retry-after' in headers) || status === 429
  const message = limited ? LIMIT : (SAYS[status] ?? `a story wanted ${String(status)}`)
  return { status, message, headers, body: body ?? new ApiError(status, message).body() }
}

/**
 * Holds the last part of a streamed answer until `decide` says what becomes of it; of one that is to be cut in half,
 * all parts. Resolves when that is settled, or the client has gone. Throws what `decide` throws.
 */
export function hold(response: ServerResponse, half: boolean, decide: () => Promise<Ending>): Promise<void> {
  const end = response.end.bind(response) as (chunk?: unknown) => ServerResponse
  const write = response.write.bind(response)
  const kept: Buffer[] = []
  response.write = (chunk: string | Uint8Array) => {
    kept.push(Buffer.from(chunk as Uint8Array))
    const [first] = kept
    if (half || kept.length === 1 || first === undefined) return true
    kept.shift()
    return write(first)
  }
  const finish = async (chunk: unknown): Promise<void> => {
    const ending = await decide()
    if (ending === 'answer') {
      for (const part of kept) write(part)
      end(chunk)
    } else if (ending === 'half') sendHalf(response, Buffer.concat(kept))
    else if (ending === 'hang up') {
      // With the head, so that no client takes it for a connection that had ended before.
      response.flushHeaders()
      response.socket?.destroySoon()
    }
  }
  return new Promise((resolve, reject) => {
    response.once('close', resolve)
    response.end = ((chunk?: unknown) => {
      Object.assign(response, { write, end })
      finish(chunk).then(resolve, (error: Error) => {
        response.socket?.destroy()
        reject(error)
      })
      return response
    }) as typeof response.end
  })
}

/** Sends half of a body, of which the head has announced the whole or an end. */
export function sendHalf(response: ServerResponse, body: Buffer): void {
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.socket?.destroy())
}
