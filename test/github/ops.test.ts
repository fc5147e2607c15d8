// Staying up: the order of work, settings, and a bounded memory.
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { perform } from '../../src/jobs/job.ts'
import { createQueue } from '../../src/ops/queue.ts'
import type { Entry } from '../../src/ops/queue.ts'
import { cacheTrouble, toolsTrouble } from '../../src/ops/folders.ts'
import { readSettings as readSettingsOn } from '../../src/ops/settings.ts'
import type { Environment } from '../../src/ops/settings.ts'
import { today } from '../../src/ops/clock.ts'
import { createRecent } from '../../src/threads/recent.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

describe('the queue', () => {
  const story: string[] = []
  const gates = new Map<string, () => void>()
  const work = async ({ task: name }: Entry<string>): Promise<void> => {
    story.push(`${name} starts`)
    await new Promise<void>((open) => gates.set(name, open))
    story.push(`${name} ends`)
  }
  const open = async (name: string): Promise<void> => {
    gates.get(name)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const entry = (key: string, task: string, slot = 'review'): Entry<string> => ({ key, slot, task })

  it('runs one piece a key, the newest of those that wait, and a bounded number at once', async () => {
    story.length = 0
    const queue = createQueue(2, work)
    await queue.idle()
    await queue.enqueue(entry('a', 'a1'))
    await queue.enqueue(entry('a', 'a2'))
    await queue.enqueue(entry('a', 'command', 'comment 1'))
    await queue.enqueue(entry('a', 'a3'))
    await queue.enqueue(entry('b', 'b'))
    await queue.enqueue(entry('c', 'c'))
    expect(story).toEqual(['a1 starts', 'b starts'])
    expect(await queue.depth()).toEqual({ waiting: 3, running: 2 })
    await open('b')
    expect(story.slice(2)).toEqual(['b ends', 'c starts'])
    await open('a1')
    expect(story.slice(4)).toEqual(['a1 ends', 'command starts'])
    const idle = queue.idle()
    await open('command')
    await open('c')
    await open('a3')
    await idle
    expect(story.slice(6)).toEqual(['command ends', 'a3 starts', 'c ends', 'a3 ends'])
  })

  it('serves keys in turn, however often there is news of one', async () => {
    story.length = 0
    const queue = createQueue(1, work)
    for (const name of ['x', 'y', 'z']) await queue.enqueue(entry(name, name))
    await queue.enqueue(entry('y', 'y2'))
    await queue.enqueue(entry('z', 'z2'))
    await queue.enqueue(entry('y', 'y-command', 'comment 1'))
    for (const name of ['x', 'y2', 'z2', 'y-command']) await open(name)
    await queue.idle()
    expect(story.filter((line) => line.endsWith('starts'))).toEqual([
      'x starts',
      'y2 starts',
      'z2 starts',
      'y-command starts',
    ])
  })

  it('serves what nobody waits for after everything else', async () => {
    story.length = 0
    const queue = createQueue(1, work)
    const later = (key: string, task: string, slot?: string): Entry<string> => ({
      ...entry(key, task, slot),
      later: true,
    })
    await queue.enqueue(entry('a', 'a'))
    for (const name of ['b', 'c', 'd']) await queue.enqueue(later(name, name))
    await queue.enqueue(entry('e', 'e'))
    // Somebody asks for what waits already; what a sweep finds afterwards does not make him wait.
    await queue.enqueue(entry('d', 'd2'))
    await queue.enqueue(later('d', 'd3'))
    for (const name of ['a', 'd2', 'e', 'b', 'c']) await open(name)
    await queue.idle()
    const starts = story.filter((line) => line.endsWith('starts')).map((line) => line.split(' ')[0])
    expect(starts).toEqual(['a', 'd2', 'e', 'b', 'c'])
  })

  it('drains: what runs ends, what waits is forgotten, and nothing more is taken', async () => {
    story.length = 0
    const queue = createQueue(1, work)
    await queue.enqueue(entry('a', 'x'))
    await queue.enqueue(entry('b', 'y'))
    expect(queue.ready()).toBe(true)
    const drained = queue.drain(60_000)
    expect(queue.ready()).toBe(false)
    await expect(queue.enqueue(entry('c', 'z'))).rejects.toThrow('no more work is taken')
    await open('x')
    expect(await drained).toBe(true)
    expect(story).toEqual(['x starts', 'x ends'])
  })

  it('says when what runs did not end in time', async () => {
    const queue = createQueue(1, work)
    await queue.enqueue(entry('a', 'endless'))
    expect(await queue.drain(1)).toBe(false)
    await open('endless')
  })

  it('gives a turn to one caller, until it is over', async () => {
    const queue = createQueue(1, work)
    expect(await queue.turn('sweep', 60_000)).toBe(true)
    expect(await queue.turn('sweep', 60_000)).toBe(false)
    // A turn ends by what has passed, and not by what the clock on the wall is set to.
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000)
    expect(await queue.turn('short', 1)).toBe(true)
    await sleep(5)
    expect(await queue.turn('short', 1)).toBe(true)
    now.mockRestore()
    expect(await queue.turn('other', 0)).toBe(true)
    expect(await queue.turn('other', 0)).toBe(true)
  })
})

describe('a job', () => {
  const failing = (failed: () => Promise<void>) => ({ run: () => Promise.reject(new Error('no')), failed })

  it('says that it failed, and never throws', async () => {
    const story: string[] = []
    const said = failing(() => {
      story.push('said')
      return Promise.resolve()
    })
    expect(await perform({ ...said, run: () => Promise.resolve() }, QUIET, {})).toBe('done')
    expect(story).toEqual([])
    expect(await perform(said, QUIET, {})).toBe('failed')
    expect(story).toEqual(['said'])
    expect(
      await perform(
        failing(() => Promise.reject(new Error('nor that'))),
        QUIET,
        {},
      ),
    ).toBe('untold')
  })
})

describe('settings', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const KEY = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const env = { APP_ID: '1', PRIVATE_KEY: KEY, WEBHOOK_SECRET: 's' }
  const none = (): null => null
  const fine = { tools: none, cache: none }
  const readSettings = (given: Environment, readFile: (path: string) => string | null) =>
    readSettingsOn(given, readFile, fine)

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

  it('share work on a Redis, and keep its password to themselves', () => {
    expect(readSettings(env, none)).toMatchObject({
      settings: { redisUrl: null, sweepInterval: 600_000, cacheLimit: 10_240 * 1024 * 1024 },
    })
    const url = 'rediss://:hunter2@redis:6379'
    expect(readSettings({ ...env, REDIS_URL: url, SWEEP_INTERVAL: '0', THREADS: '0' }, none)).toMatchObject({
      settings: { redisUrl: url, sweepInterval: 0, threads: 0 },
    })
    const [scheme, decoding, database, parameters] = [
      'REDIS_URL is no URL such as redis://:password@host:6379, with the password percent-encoded',
      'REDIS_URL has a user or a password that cannot be decoded: percent-encode it, where % itself is %25',
      'REDIS_URL has a path that is no number of a database, which is 0 or more',
      'REDIS_URL has parameters, of which only ?family=4 or ?family=6 may be given',
    ] as [string, string, string, string]
    const told: Readonly<Record<string, readonly string[]>> = {
      'redis://redis': [],
      'REDIS://redis/': [],
      'redis://user:hunter%252@redis:6379/0': [],
      'redis://:hunter2@[::1]:6379/15?family=6': [],
      'redis://:hunter2@redis?keyPrefix=x': [parameters],
      'redis://:hunter2@redis/1?family=6&maxRetriesPerRequest=0': [parameters],
      'redis://:hunter2@redis/1#x': [parameters],
      'https://:hunter2@redis': [scheme],
      'redis::hunter2@redis': [scheme],
      'redis:6379': [scheme],
      'redis://:hunter2/=@redis:6379': [scheme],
      'redis://:hunter2@redis:99999': [scheme],
      'redis://:hunter2%@redis': [decoding],
      'redis://hunter2%zz:x@redis': [decoding],
      'redis://:hunter2@redis/abc': [database],
      'redis://:hunter2@redis/-1': [database],
      'redis://:hunter2@redis/07': [database],
      'redis://:hunter2@redis/1/': [database],
      'redis://:hunter2%@redis/hunter2': [decoding, database],
    }
    for (const [url, mistakes] of Object.entries(told)) {
      const read = readSettings({ ...env, REDIS_URL: url }, none)
      expect(read.ok ? [] : read.mistakes, url).toEqual(mistakes)
    }
  })

  it('know hosts from what is none', () => {
    const hosts = ['github.corp', 'GHE', 'ghe.', 'g-1.x:1', '10.0.0.1', '[fd00::1]:8443', 'ghe:443', 'ghe:80']
    for (const host of hosts)
      expect(readSettings({ ...env, GHE_HOST: host }, none), host).toMatchObject({
        settings: { github: { gitUrl: `https://${host}` } },
      })
    const others = [
      ...['ghe.example:99999', 'ghe:0', 'ghe:', 'ghe:x', '-:443', '..', '.ghe', 'ghe..corp', 'ghe-.corp'],
      ...['a_b', 'ghé', '999.0.0.1', '10.1', '0x7f.1', 'fd00::1', '[fd00::1', `${'a'.repeat(64)}.corp`],
      ...[
        Array(128).fill('a').join('.'),
        'https://ghe',
        'ghe/api',
        'ghe?',
        'ghe#',
        'me@ghe',
        'g he',
        'gh%65',
      ],
    ]
    for (const host of others)
      expect(readSettings({ ...env, GHE_HOST: host }, none), host).toEqual({
        ok: false,
        mistakes: ['GHE_HOST is not a host name, with or without a port'],
      })
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

  it.each(['GIT_SSL_CAINFO', 'NODE_EXTRA_CA_CERTS'])(
    'want certificates where %s says that they are',
    (name) => {
      const told = { ok: false, mistakes: [`${name} names no file of certificates in PEM that can be read`] }
      expect(readSettings({ ...env, [name]: '/ca.pem' }, none)).toEqual(told)
      expect(readSettings({ ...env, [name]: '/ca.pem' }, () => 'DER')).toEqual(told)
      expect(
        readSettings({ ...env, [name]: '/ca.pem' }, () => '-----BEGIN CERTIFICATE-----\nMII\n'),
      ).toMatchObject({ ok: true })
    },
  )

  it('tell all mistakes at once, and never a secret', () => {
    const read = readSettingsOn(
      {
        NODE_ENV: 'production',
        APP_ID: 'x',
        PRIVATE_KEY: 'hunter2',
        PORT: '70000',
        LOG_LEVEL: 'loud',
        AMBIENT_GUARD_TOOLS: '/tools',
        CACHE_DIR: '/cache',
        GHE_HOST: 'https://x',
      },
      none,
      { tools: (path) => `is not ${path}`, cache: (path) => `is no ${path}` },
    )
    expect(read).toEqual({
      ok: false,
      mistakes: [
        'WEBHOOK_SECRET is not set: without it anybody could send webhooks; only with NODE_ENV=development is it the word "development"',
        'APP_ID is not a whole number from 1 to 9007199254740991',
        'PRIVATE_KEY is not a private key in PEM',
        'PORT is not a whole number from 0 to 65535',
        'AMBIENT_GUARD_TOOLS is not /tools: name the folder that holds kustomize and helm, or unset it',
        'CACHE_DIR is no /cache: name a folder that can be written to',
        'GHE_HOST is not a host name, with or without a port',
        'LOG_LEVEL is not one of trace, debug, info, warn, error, fatal',
      ],
    })
  })

  it('name what is wrong with a key', () => {
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const locked = { cipher: 'aes-256-cbc', passphrase: 'hunter2' } as const
    const wrong = (key: string): unknown => readSettings({ ...env, PRIVATE_KEY: key }, none)
    const says = (sentence: string): unknown => ({ ok: false, mistakes: [`PRIVATE_KEY ${sentence}`] })
    const encrypted = says(
      'is encrypted, and nobody can be asked for its passphrase: give the key as GitHub made it',
    )
    // In both containers of PEM: RFC 1421 has a header for it, PKCS #8 a label.
    expect(wrong(privateKey.export({ ...pkcs8, ...locked }).toString())).toEqual(encrypted)
    const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem', ...locked }).toString()
    expect(pkcs1).toContain('Proc-Type: 4,ENCRYPTED')
    expect(wrong(pkcs1)).toEqual(encrypted)
    const elliptic = says('is a key of type ec, and apps of GitHub have RSA keys')
    expect(wrong(curve.export({ type: 'sec1', format: 'pem' }).toString())).toEqual(elliptic)
    expect(wrong(curve.export(pkcs8).toString())).toEqual(elliptic)
    const cut = KEY.replace(/\n[^-\n]+(?=\n-----END)/, '')
    expect(wrong(cut)).toEqual(says('is not a private key in PEM'))
    expect(wrong('app.private-key.pem')).toEqual(
      says('is not a private key in PEM; the name of a file goes into PRIVATE_KEY_PATH'),
    )
    expect(wrong(privateKey.export(pkcs8).toString())).toMatchObject({ ok: true })
  })

  it('are told apart where two of them contradict', () => {
    const both = { ...env, PRIVATE_KEY: 'hunter2', PRIVATE_KEY_PATH: '/key' }
    expect(readSettings(both, () => KEY)).toEqual({
      ok: false,
      mistakes: ['PRIVATE_KEY and PRIVATE_KEY_PATH are both set: only one of them may be'],
    })
    expect(readSettings({ ...env, GHE_PROTOCOL: 'http' }, none)).toEqual({
      ok: false,
      mistakes: ['GHE_PROTOCOL is set, and GHE_HOST is not: it is the protocol of that host'],
    })
    expect(readSettings({ ...env, GHE_PROTOCOL: 'http', GHE_HOST: 'ghe' }, none)).toMatchObject({
      ok: true,
      settings: { github: { apiUrl: 'http://ghe/api/v3' } },
    })
  })

  it('look at the folders that they name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-settings-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    const file = join(folder, 'helm')
    expect(toolsTrouble(folder)).toBe('holds neither kustomize nor kubectl nor helm')
    writeFileSync(file, '')
    expect([folder, file, join(folder, 'none')].map(toolsTrouble)).toEqual([
      null,
      'is no folder',
      'is no folder',
    ])
    expect([folder, join(folder, 'a/b'), file, join(file, 'a')].map(cacheTrouble)).toEqual([
      null,
      null,
      'is no folder',
      'cannot be made',
    ])
    const open = { ...env, AMBIENT_GUARD_TOOLS: file }
    expect(readSettingsOn({ ...open, CACHE_DIR: file }, none)).toEqual({
      ok: false,
      mistakes: [
        'AMBIENT_GUARD_TOOLS is no folder: name the folder that holds kustomize and helm, or unset it',
        'CACHE_DIR is no folder: name a folder that can be written to',
      ],
    })
    expect(readSettingsOn({ ...open, XDG_CACHE_HOME: file }, none)).toMatchObject({
      mistakes: [
        expect.stringContaining('AMBIENT_GUARD_TOOLS'),
        'CACHE_DIR is not set, and its default cannot be made: name a folder that can be written to',
      ],
    })
  })

  it.skipIf(process.getuid?.() === 0)('see that a folder cannot be written to, unless as root', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-settings-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true })
    })
    chmodSync(folder, 0o500)
    expect([folder, join(folder, 'a')].map(cacheTrouble)).toEqual(['cannot be written to', 'cannot be made'])
  })
})

it('a bounded memory forgets what was used least recently', () => {
  const recent = createRecent<number>(2)
  recent.set('a', 1)
  recent.set('b', 2)
  recent.get('a')
  recent.set('c', 3)
  expect(['a', 'b', 'c'].map(recent.get)).toEqual([1, undefined, 3])
  expect(recent.lookups()).toEqual({ hits: 3, misses: 1 })
  expect(recent.lookups()).toEqual({ hits: 0, misses: 0 })
  recent.set('a', 4)
  recent.set('d', 5)
  expect(['a', 'c', 'd'].map(recent.get)).toEqual([4, undefined, 5])
})

it('the day is that of UTC', () => {
  expect(today({ now: () => new Date('2027-01-31T23:59:59-01:00') })).toBe('2027-02-01')
})
