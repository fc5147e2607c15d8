// What the rooms see of the log: Probot's pino, of which they use three words. Fields hold names and numbers of
// things, never tokens, payloads or contents of files.
import type { Logger } from 'probot'

export type Fields = Readonly<Record<string, unknown>>

export interface Log {
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
}

/** A log that adds these fields to everything. */
export function logFrom(logger: Logger, bindings: Fields = {}): Log {
  const child = logger.child(bindings)
  return {
    info: (fields, message) => {
      child.info(fields, message)
    },
    warn: (fields, message) => {
      child.warn(fields, message)
    },
    error: (fields, message) => {
      child.error(fields, message)
    },
  }
}

/** An error as fields: its name, message and place, not the request that caused it (which has headers). */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: String(error) }
  return { error: error.name, message: error.message, stack: error.stack }
}
