// `serve`: the app as a server, until it is asked to stop.
import { readFileSync } from 'node:fs'
import { startServer } from '../app.ts'
import { readSettings } from '../ops/settings.ts'
import { UsageError } from './usage-error.ts'

/**
 * Starts the app and waits for SIGTERM or SIGINT; work under way ends first, as far as there is time. Then the process
 * ends, with 1 where some of it did not. @throws UsageError on wrong settings
 */
export async function serve(): Promise<never> {
  const read = readSettings(process.env, readOrNull)
  if (!read.ok)
    throw new UsageError(
      `The settings are not right:\n${read.mistakes.map((mistake) => `- ${mistake}`).join('\n')}`,
    )
  const { settings } = read
  const server = await startServer(settings).catch((error: unknown) => {
    // What still hangs, as below.
    setTimeout(() => process.exit(2), LAST_WORDS)
    throw isOfListening(error) ? new UsageError(cannotListen(settings, error)) : error
  })
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
  const ended = await server.stop()
  // What still hangs, such as Probot's own connection to Redis, must not hold the process.
  process.exit(ended ? 0 : 1)
}

/** Milliseconds in which what went wrong is printed. */
const LAST_WORDS = 1000

interface ListenError extends Error {
  readonly code: string
}

function isOfListening(error: unknown): error is ListenError {
  return (
    error instanceof Error &&
    'syscall' in error &&
    ['listen', 'getaddrinfo'].includes(String(error.syscall)) &&
    'code' in error
  )
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'that is no address of this machine',
  ENOTFOUND: 'nothing is known by that name',
  EACCES: 'this user may not',
}

function cannotListen(
  { host, port }: { readonly host: string; readonly port: number },
  error: ListenError,
): string {
  const why = REASONS[error.code] ?? error.code
  return `It cannot listen on HOST ${host}, PORT ${String(port)}: ${why}. Set HOST and PORT to an address of this machine that is free.`
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
