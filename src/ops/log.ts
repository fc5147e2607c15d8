// What the rooms see of the log: Probot's pino, of which they use three words. Fields hold names and numbers of
// things, never tokens, payloads or contents of files.
import { stdSerializers, symbols } from 'pino'
import type { Logger } from 'probot'

export type Fields = Readonly<Record<string, unknown>>

export interface Log {
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
}

/**
 * An error of @octokit/webhooks carries the event that it is about, whole, and a webhook that nobody signed is one: of
 * errors that others log, what they are and where they happened is written, and nothing that hangs on them.
 */
export function withoutPayloads(logger: Logger): void {
  const { [symbols.serializersSym]: serializers } = logger as unknown as Record<
    symbol,
    Record<string, unknown> | undefined
  >
  if (serializers === undefined) throw new Error('the log has no serializers')
  serializers['err'] = (error: unknown) => {
    if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
    const { type, message, stack } = stdSerializers.err(error)
    return { type, message, stack }
  }
}

/** A log that adds these fields to everything. */
export function logFrom(logger: Logger, bindings: Fields = {}): Log {
  const child = logger.child(bindings)
  return {
    info: (fields, message) => {
      child.info(seen(fields), message)
    },
    warn: (fields, message) => {
      child.warn(seen(fields), message)
    },
    error: (fields, message) => {
      child.error(seen(fields), message)
    },
  }
}

/**
 * Fields in which strangers may have had a say. Pino writes texts as JSON does, also in lines for people, so that none
 * begins a line; what JSON lets through, and a terminal obeys or hides, is escaped here. A message is ours alone.
 */
function seen(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? escaped(value) : value]),
  )
}

function escaped(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** An error as fields: its name, message and place, not the request that caused it (which has headers). */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error) }
  return { error: error.name, message: error.message, stack: error.stack }
}
