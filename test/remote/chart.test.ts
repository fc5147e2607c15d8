// Charts of repositories over http: which archive an index names, and that it is the one that came.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Fetched, Remote } from '../../src/manifests/unit.ts'
import { remoteMemory } from '../../src/remote/memory.ts'
import { sandbox } from '../git/sandbox.ts'
import { chart, digestOf, tgz } from './archives.ts'
import { remoteOf, serve, site } from './site.ts'

const web = site()
const redis = chart('redis', '1.2.3')

interface Version {
  readonly version: string
  readonly url: string
  readonly digest?: string
}

/** As `helm repo index` writes it. */
function index(charts: Readonly<Record<string, readonly Version[]>>): string {
  const entries = Object.entries(charts).map(([name, versions]) => {
    const lines = versions.map(
      ({ version, url, digest }) =>
        `  - apiVersion: v2\n    description: |-\n      Of ${name}:\n      redis:\n${digest === undefined ? '' : `    digest: ${digest}\n`}    name: ${name}\n    urls:\n    - ${url}\n    version: ${version}\n`,
    )
    return `  ${name}:\n${lines.join('')}`
  })
  return `apiVersion: v1\nentries:\n${entries.join('')}generated: "2026-01-01T00:00:00Z"\n`
}

function ask(
  remote: Remote,
  version: string,
  name = 'redis',
  path = '/charts',
  host = 'charts.test',
): Promise<Fetched> {
  return remote.chart({ kind: 'remote', url: `https://${host}${web.port}${path}`, name, version })
}

const reason = (piece: Fetched): string => (piece.ok ? 'fetched' : piece.reason)

describe('the index', () => {
  it('names the archive, relative to the repository or by URL, and its digest', async () => {
    serve(web, {
      'charts.test/charts/index.yaml': index({
        nginx: [{ version: '1.2.3', url: 'nginx.tgz' }],
        redis: [
          { version: '2.0.0', url: 'redis-2.0.0.tgz' },
          { version: '1.2.3', url: 'redis-1.2.3.tgz', digest: digestOf(redis) },
          { version: '1.2.2', url: `https://files.test${web.port}/redis-1.2.2.tgz` },
        ],
        'redis-cluster': [{ version: '1.2.3', url: 'cluster.tgz' }],
      }),
      'charts.test/charts/redis-1.2.3.tgz': redis,
      'files.test/redis-1.2.2.tgz': chart('redis', '1.2.2'),
    })
    const remote = remoteOf(web, ['charts.test', 'files.test'])
    const piece = await ask(remote, '1.2.3')
    expect(piece).toMatchObject({ ok: true, entry: 'redis', id: `sha256:${digestOf(redis)}` })
    expect(piece.ok ? [...piece.files.keys()] : []).toEqual([
      'redis/Chart.yaml',
      'redis/templates/service.yaml',
    ])
    expect(await ask(remote, '1.2.2', 'redis', '/charts/')).toMatchObject({ ok: true })
    expect(reason(await ask(remoteOf(web, ['charts.test']), '1.2.2'))).toBe(
      `files.test${web.port} is not allowed`,
    )
  })

  it('is asked for once for all charts of a report, with the query of its URL, which goes to the archive too', async () => {
    serve(web, {
      'charts.test/charts/index.yaml?k=1': index({
        redis: [{ version: '1.2.3', url: 'a.tgz' }],
        web: [{ version: '1.0.0', url: 'b.tgz' }],
      }),
      'charts.test/charts/a.tgz?k=1': redis,
      'charts.test/charts/b.tgz?k=1': chart('web', '1.0.0'),
    })
    const remote = remoteOf(web, ['charts.test'])
    const pieces = await Promise.all([
      ask(remote, '1.2.3', 'redis', '/charts?k=1'),
      ask(remote, '1.0.0', 'web', '/charts?k=1'),
    ])
    expect(pieces.map(reason)).toEqual(['fetched', 'fetched'])
    expect(web.heard.map(({ path }) => path).sort()).toEqual([
      '/charts/a.tgz?k=1',
      '/charts/b.tgz?k=1',
      '/charts/index.yaml?k=1',
    ])
  })

  it.each([
    [
      'JSON',
      JSON.stringify({ apiVersion: 'v1', entries: { redis: [{ version: '1.2.3', urls: ['r.tgz'] }] } }),
    ],
    ['flow', 'apiVersion: v1\nentries: {redis: [{version: 1.2.3, urls: [r.tgz]}]}\n'],
    ['flow in block', 'entries:\n    redis: [{version: 1.2.3, urls: [r.tgz]}]\n    other: []\n'],
    [
      'quotes, comments, wide and CRLF',
      'entries:\r\n\r\n# all of them\r\n    # first\r\n    a: []\r\n    "redis":\r\n      # ours\r\n    # outside\r\n      - version: 1.2.3\r\n        urls:\r\n          - r.tgz\r\n    z: []\r\n',
    ],
    [
      'the last chart without a line break',
      'entries:\n  a: []\n  redis:\n  - urls:\n    - r.tgz\n    version: 1.2.3',
    ],
    ['a version with a v', 'entries:\n  redis:\n  - urls: [r.tgz]\n    version: v1.2.3\n'],
  ])('may be written as %s', async (_how, text) => {
    serve(web, { 'charts.test/charts/index.yaml': text, 'charts.test/charts/r.tgz': redis })
    expect(reason(await ask(remoteOf(web, ['charts.test']), '1.2.3'))).toBe('fetched')
  })

  it('of many megabytes is read in no time, since one chart is cut out of it', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 600 }, (_, n) => [
        `chart-${String(n)}`,
        Array.from({ length: 120 }, (_v, v) => ({
          version: `1.${String(v)}.0`,
          url: `chart-${String(n)}-${String(v)}.tgz`,
        })),
      ]),
    )
    const text = index({ ...many, redis: [{ version: '1.2.3', url: 'r.tgz' }] })
    // Longer than one document may be: it cannot have been read as a whole.
    expect(text.length).toBeGreaterThan(5 * 1024 * 1024)
    serve(web, { 'charts.test/charts/index.yaml': text, 'charts.test/charts/r.tgz': redis })
    expect(reason(await ask(remoteOf(web, ['charts.test']), '1.2.3'))).toBe('fetched')
  })

  it.each([
    ['no such chart', 'entries:\n  a: []\n', 'its repository has no chart redis'],
    ['no charts', 'apiVersion: v1\n', 'its repository has no chart redis'],
    [
      'no such version',
      index({ redis: [{ version: '1.2.4', url: 'r.tgz' }] }),
      'its repository has no version 1.2.3 of redis',
    ],
    [
      'a version with more to it',
      index({ redis: [{ version: '1.2.3+build', url: 'r.tgz' }] }),
      'its repository has no version 1.2.3 of redis',
    ],
    ['a page', '<html>: [', 'the index of its repository cannot be read'],
    ['JSON that is cut', '{"entries": ', 'the index of its repository cannot be read'],
    ['no URL', 'entries:\n  redis:\n  - version: 1.2.3\n', 'the index of its repository cannot be read'],
    ['a list of numbers', 'entries:\n  redis: 1\n', 'the index of its repository cannot be read'],
    ['entries that are null', 'entries:\n  redis:\n  - null\n  - 1\n', 'its repository has no chart redis'],
    [
      'a digest that is none',
      index({ redis: [{ version: '1.2.3', url: 'r.tgz', digest: 'md5:abc' }] }),
      'the index of its repository cannot be read',
    ],
    [
      'a URL that is none',
      index({ redis: [{ version: '1.2.3', url: '"https://"' }] }),
      'its URL cannot be read',
    ],
    [
      'a file of the machine',
      index({ redis: [{ version: '1.2.3', url: 'file:///etc/passwd' }] }),
      'its URL would not be asked over https',
    ],
    [
      'an archive that is not there',
      index({ redis: [{ version: '1.2.3', url: 'gone.tgz' }] }),
      `charts.test:PORT answers 404 for the archive`,
    ],
  ])('with %s ends as a reason', async (_what, text, expected) => {
    serve(web, { 'charts.test/charts/index.yaml': text, 'charts.test/charts/r.tgz': redis })
    expect(reason(await ask(remoteOf(web, ['charts.test']), '1.2.3'))).toBe(
      expected.replace(':PORT', web.port),
    )
  })

  it('may be too large', async () => {
    serve(web, { 'charts.test/charts/index.yaml': 'x'.repeat(1024 * 1024 + 1) })
    const remote = remoteOf(web, ['charts.test'], { limits: { indexBytes: 1024 * 1024 } })
    expect(reason(await ask(remote, '1.2.3'))).toBe(
      `charts.test${web.port} sends more than 1 MiB for the index of its repository`,
    )
  })
})

describe('a version', () => {
  it.each([
    '',
    '*',
    '1',
    '1.2',
    '1.2.x',
    '^1.2.3',
    '~1.2.3',
    '>=1.2.3',
    '1.2.3 - 1.3.0',
    '1.2.3 || 1.2.4',
    'latest',
    '1.2.3\n',
    ' 1.2.3',
  ])('%j is no pin', async (version) => {
    const piece = await ask(remoteOf(web, ['charts.test']), version)
    expect(piece).toMatchObject({
      ok: false,
      remedy: 'Pin it to an exact version such as 1.2.3: what is judged then is what will be applied.',
    })
    expect(reason(piece)).toMatch(
      version === '' ? /^redis has no version$/ : /^redis has the version .*, which may become another$/,
    )
    expect(web.heard).toEqual([])
  })

  it.each(['1.2.3', 'v1.2.3', '1.2.3-rc.1', '1.2.3+up2', '0.0.0-20260101-abc.def'])(
    '%s is one',
    async (version) => {
      serve(web, {
        'charts.test/charts/index.yaml': index({ redis: [{ version, url: 'r.tgz' }] }),
        'charts.test/charts/r.tgz': redis,
      })
      expect(reason(await ask(remoteOf(web, ['charts.test']), version))).toBe('fetched')
    },
  )
})

describe('a digest', () => {
  const table = (archive: Uint8Array, digest: string): void => {
    serve(web, {
      'charts.test/charts/index.yaml': index({ redis: [{ version: '1.2.3', url: 'r.tgz', digest }] }),
      'charts.test/charts/r.tgz': archive,
    })
  }

  it('that is another archive’s is refused, and nothing is kept', async () => {
    const cacheDirectory = join(sandbox(), 'cache')
    table(chart('redis', '1.2.3', { 'values.yaml': 'evil: true\n' }), digestOf(redis))
    expect(await ask(remoteOf(web, ['charts.test'], { cacheDirectory }), '1.2.3')).toEqual({
      ok: false,
      reason: 'its archive is not the one that its digest names',
      remedy: 'Find out who changed it, and vendor the right one.',
    })
    expect(existsSync(cacheDirectory) ? readdirSync(cacheDirectory) : []).toEqual([])
  })

  it('finds the archive on disk, where it is checked again', async () => {
    const cacheDirectory = join(sandbox(), 'cache')
    table(redis, digestOf(redis))
    await ask(remoteOf(web, ['charts.test'], { cacheDirectory }), '1.2.3')
    expect(readdirSync(cacheDirectory)).toEqual([`sha256-${digestOf(redis)}.tgz`])
    expect(reason(await ask(remoteOf(web, ['charts.test'], { cacheDirectory }), '1.2.3'))).toBe('fetched')
    const archives = (): number => web.heard.filter(({ path }) => path.endsWith('.tgz')).length
    expect(archives()).toBe(1)
    writeFileSync(join(cacheDirectory, `sha256-${digestOf(redis)}.tgz`), chart('redis', '6.6.6'))
    expect(await ask(remoteOf(web, ['charts.test'], { cacheDirectory }), '1.2.3')).toMatchObject({
      id: `sha256:${digestOf(redis)}`,
    })
    expect(archives()).toBe(2)
  })

  it('is no reason to fail where the disk cannot be written', async () => {
    const file = join(sandbox(), 'file')
    writeFileSync(file, '')
    table(redis, digestOf(redis))
    expect(
      reason(await ask(remoteOf(web, ['charts.test'], { cacheDirectory: join(file, 'cache') }), '1.2.3')),
    ).toBe('fetched')
  })
})

it('an archive without a chart in it is none', async () => {
  serve(web, {
    'charts.test/charts/index.yaml': index({ redis: [{ version: '1.2.3', url: 'r.tgz' }] }),
    'charts.test/charts/r.tgz': tgz([{ name: 'redis/values.yaml' }]),
  })
  expect(reason(await ask(remoteOf(web, ['charts.test']), '1.2.3'))).toBe('its archive holds no Chart.yaml')
})

it('the memory of the process serves the same pin to the same list of hosts', async () => {
  serve(web, {
    'charts.test/charts/index.yaml': index({
      redis: [{ version: '1.2.3', url: `https://files.test${web.port}/r.tgz` }],
    }),
    'files.test/r.tgz': redis,
  })
  const memory = remoteMemory()
  const both = ['charts.test', 'files.test']
  expect(reason(await ask(remoteOf(web, both, { memory }), '1.2.3'))).toBe('fetched')
  const before = web.heard.length
  expect(reason(await ask(remoteOf(web, both, { memory }), '1.2.3'))).toBe('fetched')
  expect(web.heard).toHaveLength(before)
  expect(reason(await ask(remoteOf(web, ['charts.test'], { memory }), '1.2.3'))).toBe(
    `files.test${web.port} is not allowed`,
  )
  expect(reason(await ask(remoteOf(web, [], { memory }), '1.2.3'))).toBe(
    `charts.test${web.port} is not allowed`,
  )
})

it('what failed is told the same to base and head, and asked for again in the next report', async () => {
  const remote = remoteOf(web, ['charts.test'])
  const first = await ask(remote, '1.2.3')
  mkdirSync(sandbox(), { recursive: true })
  serve(web, {
    'charts.test/charts/index.yaml': index({ redis: [{ version: '1.2.3', url: 'r.tgz' }] }),
    'charts.test/charts/r.tgz': redis,
  })
  expect(await ask(remote, '1.2.3')).toEqual(first)
  expect(reason(await ask(remoteOf(web, ['charts.test']), '1.2.3'))).toBe('fetched')
})
