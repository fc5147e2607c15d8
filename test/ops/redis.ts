// A real Redis on a free port of this machine, for as long as a test.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

const PROGRAM = 'redis-server'

/** What a test says where it cannot run; null where it can. */
export function whyNoRedis(): string | null {
  const there = spawnSync(PROGRAM, ['--version']).status === 0
  return there ? null : 'redis-server is not there: apt-get install redis-server brings it'
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** It hears nothing and says nothing, with all connections open. */
  pause(): void
  goOn(): void
  stop(): Promise<void>
}

/** Starts one that asks for a password and writes nothing to disk. @param port of an earlier one, to come back at */
export async function startRedis(port?: number, password = 'sesame'): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'))
  const chosen = port ?? (await freePort())
  const lines = [
    `port ${String(chosen)}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    'save ""',
    `dir ${directory}`,
  ]
  const child = spawn(PROGRAM, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.end(`${lines.join('\n')}\n`)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `redis://:${password}@127.0.0.1:${String(chosen)}`
  const asking = new Redis(url, { maxRetriesPerRequest: null })
  asking.on('error', () => undefined)
  const early = ended.then(() =>
    Promise.reject(new Error(`redis-server ended: is port ${String(chosen)} taken?`)),
  )
  early.catch(() => undefined)
  try {
    await Promise.race([asking.ping(), early])
  } finally {
    asking.disconnect()
  }
  return {
    url,
    port: chosen,
    pause: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
