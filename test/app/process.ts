// The app in a process of its own, which can be killed.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { GitHub } from '../harness/index.ts'

export interface AppProcess {
  readonly url: string
  readonly pid: number
  /** Everything that it wrote, to both streams. */
  output(): string
  /** SIGKILL, which no process hears; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

/** Where a process of the app keeps its things: its cache, and the key. */
export interface Home {
  readonly directory: string
  remove(): Promise<void>
}

export async function makeHome(github: GitHub): Promise<Home> {
  const directory = await mkdtemp(join(tmpdir(), 'ambient-guard-home-'))
  await writeFile(join(directory, 'app.pem'), github.privateKey, { mode: 0o600 })
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) }
}

/** Starts the app, and resolves when it listens. @param more settings beside those that a GitHub on this machine needs */
export async function startProcess(
  github: GitHub,
  home: Home,
  more: Readonly<Record<string, string>> = {},
): Promise<AppProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('serve.ts', import.meta.url))],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: home.directory,
        NODE_ENV: 'production',
        APP_ID: String(github.appId),
        PRIVATE_KEY_PATH: join(home.directory, 'app.pem'),
        WEBHOOK_SECRET: github.webhookSecret,
        GHE_HOST: github.host,
        GHE_PROTOCOL: 'http',
        PORT: '0',
        CACHE_DIR: join(home.directory, 'cache'),
        THREADS: '0',
        ...more,
      },
    },
  )
  let written = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text
    })
  const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  let ended = false
  void gone.then(() => {
    ended = true
  })
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    child.kill(signal)
    return gone
  }
  for (;;) {
    const [, url] = /listens on (http:\S+)\n/.exec(written) ?? []
    if (url !== undefined)
      return {
        url,
        pid: child.pid ?? 0,
        output: () => written,
        kill: async () => void (await end('SIGKILL')),
        stop: () => end('SIGTERM'),
      }
    if (ended) throw new Error(`the app did not start:\n${written}`)
    await sleep(20)
  }
}

/** Resolves when that is so; looks again as long as the test may take. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50)
}

/** Resolves when GitHub has been asked nothing for so many milliseconds. */
export async function stillness(github: GitHub, milliseconds = 700): Promise<void> {
  for (let seen = -1; seen !== github.requests.length;) {
    seen = github.requests.length
    await github.settled()
    await sleep(milliseconds)
  }
}
