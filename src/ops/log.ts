// What the rooms see of the log: Probot's pino, of which they use three words. Fields hold names and numbers of
// things, never tokens, payloads or contents of files.
import { pino, stdSerializers, symbols } from 'pino'
import type { DestinationStream } from 'pino'
import type { Logger } from 'probot'

export type Fields = Readonly<Record<string, unknown>>

export interface Log {
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
}

/**
 * A log for Probot and its libraries that writes where the given one does, and keeps three things out of it. An error of
 * @octokit/webhooks carries the event that it is about, whole, and a webhook that nobody signed is one: of errors that
 * others log, what they are and where they happened is written, and nothing that hangs on them. Probot adds what was
 * sent to GitHub to each line about a call, and that quotes the repository. The connection with which Probot
 * shares the pace of calls logs each failed attempt: one a minute is enough.
 * A name that a child gives itself takes the place of its parent's, which pino would leave beside it.
 */
export function quietLog(given: Logger): Logger {
  const stream = (given as unknown as Record<symbol, DestinationStream | undefined>)[symbols.streamSym]
  if (stream === undefined) throw new Error('the log has no stream')
  const isTime = onceAMinute()
  return pino(
    {
      level: given.level,
      serializers: {
        err: (error: unknown) => {
          if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
          const { type, message, stack } = stdSerializers.err(error)
          return { type, message, stack }
        },
      },
      hooks: {
        logMethod(args, method) {
          const [about, message] = args as [unknown, unknown]
          // https://github.com/probot/probot/blob/v14.3.2/src/octokit/get-octokit-throttle-options.ts
          if (about instanceof Error && 'source' in about && about.source === 'bottleneck') {
            if (isTime()) this.warn(briefly(about), 'Redis cannot keep the pace of calls')
          } else if (typeof message === 'string' && message.startsWith('GitHub request: '))
            method.call(this, message)
          else method.apply(this, args)
        },
        streamWrite: (line) => `${JSON.stringify(JSON.parse(line))}\n`,
      },
    },
    stream,
  )
}

/** True for the first who asks, and again a minute later: for what happens many times a second. */
export function onceAMinute(): () => boolean {
  let last = -Infinity
  return () => {
    const now = performance.now()
    if (now - last < 60_000) return false
    last = now
    return true
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

/** An error of a connection as fields: its stack is the library's own, and says nothing. */
export function briefly({ name, message }: Error): Fields {
  return { error: name, message }
}
