// A story: the stand-in for GitHub, the real app listening on loopback, and nothing between them but HTTP.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { startServer } from '../../src/app.ts'
import type { ServerOptions } from '../../src/app.ts'
import type { Settings } from '../../src/ops/settings.ts'
import { systemClock } from '../../src/ops/clock.ts'
import { impatientOctokit } from '../../src/github/api/app.ts'
import { startGitHub } from '../harness/index.ts'
import type { GitHub, GitHubOptions } from '../harness/index.ts'

export interface App {
  readonly url: string
  /** Waits for a delivery, everything it sets off, and everything that sets off in turn. */
  hears<T>(deed: Promise<T>): Promise<T>
  /** Goes through everything on GitHub, as a process does when it begins; and waits as `hears` does. */
  sweep(): Promise<void>
}

/** A story may take place on another GitHub, with less patience, or in a network of its own. */
export interface StoryOptions extends GitHubOptions, Pick<ServerOptions, 'answerLimit' | 'shownAfter'> {
  readonly network?: Settings['network']
  /** 0, where nothing is said: what is judged is judged in this process. */
  readonly threads?: number
}

export interface Story {
  readonly github: GitHub
  readonly app: App
  /** The folder of the cache. */
  readonly cache: string
}

/** A test that plays one story. */
export function scenario(
  name: string,
  tell: (story: Story) => Promise<void>,
  options: StoryOptions = {},
): void {
  test(name, { timeout: 60_000 }, () => play(tell, options))
}

/** Plays a story; it fails when the app asked GitHub for anything that GitHub would not understand. */
export async function play(tell: (story: Story) => Promise<void>, options: StoryOptions = {}): Promise<void> {
  const github = await startGitHub(options)
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'ambient-guard-story-'))
  const settings: Settings = {
    appId: github.appId,
    privateKey: github.privateKey,
    webhookSecret: github.webhookSecret,
    host: '127.0.0.1',
    port: 0,
    cacheDirectory,
    toolsDirectory: null,
    github: { apiUrl: github.apiUrl, gitUrl: github.url },
    logLevel: process.env.STORY_LOG === undefined ? 'fatal' : 'debug',
    logFormat: 'json',
    concurrency: 2,
    threads: options.threads ?? 0,
    threadMemory: 1024,
    sweepInterval: 0,
    cacheLimit: 2 ** 40,
    redisUrl: null,
    network: options.network ?? {},
  }
  const clock = { ...systemClock, pause: () => Promise.resolve() }
  // How many calls there are must not hang on how busy the machine is.
  const { answerLimit, shownAfter = 600_000 } = options
  const server = await startServer(settings, {
    clock,
    octokit: impatientOctokit,
    shownAfter,
    ...(answerLimit === undefined ? {} : { answerLimit }),
  })
  github.deliverTo(`${server.url}/api/github/webhooks`)
  const quiet = async (): Promise<void> => {
    // What the app writes makes GitHub send more, and that may make the app work: both have to be at rest.
    for (let seen = -1; seen !== github.requests.length + github.deliveries.length;) {
      seen = github.requests.length + github.deliveries.length
      await github.settled()
      await server.idle()
    }
  }
  try {
    await tell({
      github,
      cache: cacheDirectory,
      app: {
        url: server.url,
        async hears(deed) {
          const done = await deed
          await quiet()
          return done
        },
        async sweep() {
          await server.sweep()
          await quiet()
        },
      },
    })
    await quiet()
    github.assertClean()
  } finally {
    await server.stop()
    await github.close()
    await rm(cacheDirectory, { recursive: true, force: true })
  }
}

/** The calls of the app to the API, without those of git, such as `POST /repos/acme/platform/check-runs`. */
export function calls(github: GitHub): readonly string[] {
  return github.requests
    .filter(({ path }) => !path.includes('.git/'))
    .map(({ method, path, operations }) => [method, path, ...operations].join(' '))
}

/** What the app said to people, without what changes from run to run: commits and the address of the stand-in. */
export function said(github: GitHub, text: string | null | undefined): string {
  return (text ?? '')
    .replace(/\n\n<!-- ambient-guard [0-9a-f]{40} \S+ -->$/, '')
    .replaceAll(github.url, 'https://github.example')
    .replace(/\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b/g, '<sha>')
}
