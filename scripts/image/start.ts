// Starts what an image starts, as the user that it names and with nothing to write to but its volumes and /tmp.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makeReadOnly } from './build.ts'
import type { Built } from './build.ts'
import type { Stage } from './dockerfile.ts'

export interface Started {
  readonly url: string
  /** Everything that it has printed so far. */
  output(): string
  /** Performs the HEALTHCHECK until it succeeds. @throws Error where the app ends first, or two minutes have passed */
  healthy(): Promise<void>
  /** Sends SIGTERM, and resolves with how it ended: `0`, `1`, `SIGKILL`. It is killed after a minute. */
  stop(): Promise<string>
}

/** @param settings what `docker run --env` would say */
export async function start(
  image: Stage,
  { root, workdir }: Built,
  settings: Readonly<Record<string, string>>,
): Promise<Started> {
  const { command, healthcheck, user, volumes } = image
  if (command === null || healthcheck === null) throw new Error('Dockerfile: no CMD or no HEALTHCHECK')
  if (user === null || !/^[1-9]\d*:[1-9]\d*$/.test(user))
    throw new Error('Dockerfile: USER is not two numbers other than 0')
  const [uid = 0, gid = 0] = user.split(':').map(Number)
  const own = prepare(root, volumes, process.getuid?.() === 0 ? { uid, gid } : null)
  const port = await freePort()
  const env = {
    ...relocate(image.env, volumes, root),
    PATH: `${join(root, 'usr/local/bin')}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: '/nonexistent',
    TMPDIR: own.temporary,
    HOST: '127.0.0.1',
    PORT: String(port),
    ...settings,
  }
  const [program = '', ...args] = own.drop([...command])
  const app = spawn(program, args, { cwd: workdir, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [app.stdout, app.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const ended = once(app, 'close').then(([code, signal]) => String(signal ?? code))
  const running = (): boolean => app.exitCode === null && app.signalCode === null

  return {
    url: `http://127.0.0.1:${String(port)}`,
    output: () => output,
    async healthy() {
      for (const deadline = Date.now() + 120_000; Date.now() < deadline; await pause(500)) {
        if (!running()) throw new Error(`the app ended with ${await ended}:\n${output}`)
        const [check = '', ...words] = own.drop([...healthcheck])
        if (spawnSync(check, words, { cwd: workdir, env, timeout: 10_000 }).status === 0) return
      }
      throw new Error(`the app is not healthy after two minutes:\n${output}`)
    },
    async stop() {
      if (running()) app.kill('SIGTERM')
      const late = setTimeout(() => app.kill('SIGKILL'), 60_000)
      try {
        return await ended
      } finally {
        clearTimeout(late)
      }
    },
  }
}

interface Identity {
  readonly uid: number
  readonly gid: number
}

/** Root can become somebody else; whoever is not root starts the app as who they are. */
function prepare(root: string, volumes: readonly string[], identity: Identity | null) {
  const temporary = join(root, 'tmp')
  const writable = [temporary, ...volumes.map((volume) => join(root, volume))]
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'))
  for (const folder of writable) {
    mkdirSync(folder, { recursive: true })
    if (identity !== null) chownSync(folder, identity.uid, identity.gid)
  }
  makeReadOnly(root, writable)
  chmodSync(root, 0o555)
  const drop = (words: readonly string[]): readonly string[] =>
    identity === null
      ? words
      : [
          'setpriv',
          `--reuid=${String(identity.uid)}`,
          `--regid=${String(identity.gid)}`,
          ...['--clear-groups', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all', '--'],
          ...words,
        ]
  return { temporary, drop }
}

/** Settings that name a folder of a volume name the folder that stands for it. */
function relocate(
  env: Readonly<Record<string, string>>,
  volumes: readonly string[],
  root: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, volumes.includes(value) ? join(root, value) : value]),
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
