// Staying up: the order of jobs, settings, and a bounded memory.
import { describe, expect, it } from 'vitest'
import { createQueue } from '../../src/ops/queue.ts'
import type { Job } from '../../src/ops/queue.ts'
import { createRecent } from '../../src/ops/recent.ts'
import { readSettings } from '../../src/ops/settings.ts'
import { today } from '../../src/ops/clock.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

describe('the queue', () => {
  const story: string[] = []
  const gates = new Map<string, () => void>()
  const job = (name: string, slot = 'review'): Job => ({
    slot,
    async run() {
      story.push(`${name} starts`)
      await new Promise<void>((open) => gates.set(name, open))
      story.push(`${name} ends`)
      if (name.startsWith('bad')) throw new Error(name)
    },
    failed: (error) => {
      story.push(`failed: ${(error as Error).message}`)
      return Promise.reject(new Error('and could not say so'))
    },
  })
  const open = async (name: string): Promise<void> => {
    gates.get(name)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }

  it('runs one job a key, the newest of those that wait, and a bounded number at once', async () => {
    story.length = 0
    const queue = createQueue(2, QUIET)
    await queue.idle()
    queue.enqueue('a', job('a1'))
    queue.enqueue('a', job('a2'))
    queue.enqueue('a', job('command', 'comment 1'))
    queue.enqueue('a', job('a3'))
    queue.enqueue('b', job('bad'))
    queue.enqueue('c', job('c'))
    expect(story).toEqual(['a1 starts', 'bad starts'])
    await open('bad')
    expect(story.slice(2)).toEqual(['bad ends', 'failed: bad', 'c starts'])
    await open('a1')
    expect(story.slice(5)).toEqual(['a1 ends', 'command starts'])
    const idle = queue.idle()
    await open('command')
    await open('c')
    await open('a3')
    await idle
    expect(story.slice(7)).toEqual(['command ends', 'a3 starts', 'c ends', 'a3 ends'])
  })

  it('serves keys in turn, however often there is news of one', async () => {
    story.length = 0
    const queue = createQueue(1, QUIET)
    for (const name of ['x', 'y', 'z']) queue.enqueue(name, job(name))
    queue.enqueue('y', job('y2'))
    queue.enqueue('z', job('z2'))
    queue.enqueue('y', job('y-command', 'comment 1'))
    for (const name of ['x', 'y2', 'z2', 'y-command']) await open(name)
    await queue.idle()
    expect(story.filter((line) => line.endsWith('starts'))).toEqual([
      'x starts',
      'y2 starts',
      'z2 starts',
      'y-command starts',
    ])
  })

  it('drains: what runs ends, what waits is forgotten, and nothing more is taken', async () => {
    story.length = 0
    const queue = createQueue(1, QUIET)
    queue.enqueue('a', job('x'))
    queue.enqueue('b', job('y'))
    const drained = queue.drain()
    queue.enqueue('c', job('z'))
    await open('x')
    await drained
    expect(story).toEqual(['x starts', 'x ends'])
  })
})

describe('settings', () => {
  const KEY = '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n'
  const env = { APP_ID: '1', PRIVATE_KEY: KEY, WEBHOOK_SECRET: 's' }
  const none = (): null => null

  it('have defaults', () => {
    const read = readSettings(env, none)
    expect(read).toMatchObject({
      ok: true,
      settings: {
        host: '127.0.0.1',
        port: 3000,
        github: { apiUrl: null, gitUrl: 'https://github.com' },
        logLevel: 'info',
      },
    })
  })

  it('know GitHub Enterprise, keys in three forms, and the network', () => {
    const read = readSettings(
      {
        ...env,
        PRIVATE_KEY: Buffer.from(KEY).toString('base64'),
        GHE_HOST: 'github.corp:8443',
        HTTPS_PROXY: 'http://proxy:1',
      },
      none,
    )
    expect(read).toMatchObject({
      ok: true,
      settings: {
        privateKey: KEY,
        github: { apiUrl: 'https://github.corp:8443/api/v3', gitUrl: 'https://github.corp:8443' },
        network: { HTTPS_PROXY: 'http://proxy:1' },
      },
    })
    expect(readSettings({ ...env, PRIVATE_KEY: KEY.replaceAll('\n', '\\n') }, none)).toMatchObject({
      settings: { privateKey: KEY },
    })
    expect(
      readSettings({ ...env, PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: '/key' }, () => KEY),
    ).toMatchObject({ ok: true })
  })

  it('take no known secret for one, but on a desk', () => {
    const open = { APP_ID: env.APP_ID, PRIVATE_KEY: env.PRIVATE_KEY }
    expect(readSettings(open, none)).toMatchObject({ ok: false })
    expect(readSettings({ ...open, NODE_ENV: 'test' }, none)).toMatchObject({ ok: false })
    expect(readSettings({ ...open, NODE_ENV: 'development' }, none)).toMatchObject({
      ok: true,
      settings: { webhookSecret: 'development' },
    })
  })

  it('tell all mistakes at once, and never a secret', () => {
    const read = readSettings(
      {
        NODE_ENV: 'production',
        APP_ID: 'x',
        PRIVATE_KEY: 'hunter2',
        PORT: '70000',
        LOG_LEVEL: 'loud',
        GHE_HOST: 'https://x',
      },
      none,
    )
    expect(read).toEqual({
      ok: false,
      mistakes: [
        'WEBHOOK_SECRET is not set: without it anybody could send webhooks; only with NODE_ENV=development is it the word "development"',
        'APP_ID is not a whole number from 1 to 9007199254740991',
        'PRIVATE_KEY is not a private key in PEM',
        'PORT is not a whole number from 0 to 65535',
        'GHE_HOST is not a host name, with or without a port',
        'LOG_LEVEL is not one of trace, debug, info, warn, error, fatal',
      ],
    })
  })
})

it('a bounded memory forgets what was used least recently', () => {
  const recent = createRecent<number>(2)
  recent.set('a', 1)
  recent.set('b', 2)
  recent.get('a')
  recent.set('c', 3)
  expect(['a', 'b', 'c'].map(recent.get)).toEqual([1, undefined, 3])
})

it('the day is that of UTC', () => {
  expect(today({ now: () => new Date('2027-01-31T23:59:59-01:00') })).toBe('2027-02-01')
})
