// `serve`: the app as a server, until it is asked to stop.
import { readFileSync } from 'node:fs'
import { startServer } from '../app.ts'
import { readSettings } from '../ops/settings.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'
import { toolsDirectory } from './workshop.ts'

/**
 * Starts the app and waits for SIGTERM or SIGINT; work under way ends first, as far as there is time. Then the process
 * ends, with 1 where some of it did not. @throws UsageError on wrong settings
 */
export async function serve(output: Output): Promise<never> {
  toolsDirectory()
  const read = readSettings(process.env, readOrNull)
  if (!read.ok)
    throw new UsageError(
      `The settings are not complete:\n${read.mistakes.map((mistake) => `- ${mistake}`).join('\n')}`,
    )
  const server = await startServer(read.settings)
  output.say(`ambient-guard listens on ${server.url}`)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
  const ended = await server.stop()
  // What still hangs, such as Probot's own connection to Redis, must not hold the process.
  process.exit(ended ? 0 : 1)
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
