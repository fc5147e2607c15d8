// Whom a remote piece may come from, and how: each way around the list of hosts is tried.
import { createServer } from 'node:net'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isAllowed } from '../../src/remote/allow.ts'
import { isPublic } from '../../src/remote/address.ts'
import { NO_REMOTE, createRemote } from '../../src/remote/remote.ts'
import { remoteMemory } from '../../src/remote/memory.ts'
import { remoteOf, serve, site } from './site.ts'

const web = site()
const file = (host: string, path = '/a.yaml'): string => `https://${host}${web.port}${path}`

describe('where nothing is allowed', () => {
  it('names the host and what to do, for a chart, a file and a repository', async () => {
    const pieces = [
      await NO_REMOTE.chart({
        kind: 'remote',
        url: 'https://charts.example.com/x',
        name: 'redis',
        version: '^1',
      }),
      await NO_REMOTE.chart({ kind: 'remote', url: 'oci://ghcr.io/org', name: 'redis', version: '1.2.3' }),
      await NO_REMOTE.resource('https://example.com/a.yaml'),
      await NO_REMOTE.resource('github.com/org/repo/base?ref=main'),
      await NO_REMOTE.resource('https://git.example.com:8443/a/b.git?ref=v1'),
    ]
    expect(pieces.map((piece) => (piece.ok ? '' : piece.reason))).toEqual([
      'charts.example.com is not allowed',
      'ghcr.io is not allowed',
      'example.com is not allowed',
      'github.com is not allowed',
      'git.example.com:8443 is not allowed',
    ])
    expect(pieces[0]).toHaveProperty(
      'remedy',
      'Vendor it into the tree, or allow charts.example.com under remote.allow in .github/ambient-guard.yml; its version must be pinned.',
    )
  })

  it('does not count what it never asked for', async () => {
    for (let count = 0; count < 150; count += 1)
      await NO_REMOTE.resource(`https://example.com/${String(count)}.yaml`)
    expect(await NO_REMOTE.resource('https://example.org/a.yaml')).toHaveProperty(
      'reason',
      'example.org is not allowed',
    )
  })
})

describe('the list of hosts', () => {
  it.each([
    ['charts.example.com', 'https://charts.example.com/x', true],
    ['charts.example.com', 'https://CHARTS.example.com:443/x', true],
    ['charts.example.com:443', 'https://charts.example.com/x', true],
    ['charts.example.com', 'https://charts.example.com:8443/x', false],
    ['charts.example.com:8443', 'https://charts.example.com:8443/x', true],
    ['charts.example.com', 'https://charts.example.com.evil.org/x', false],
    ['charts.example.com', 'https://evil-charts.example.com/x', false],
    ['charts.example.com', 'https://charts.example.com@evil.org/x', false],
    ['charts.example.com', 'https://evil.org/charts.example.com', false],
    ['charts.example.com', 'https://evil.org\\@charts.example.com/', false],
    ['*.example.com', 'https://a.b.example.com/', true],
    ['*.example.com', 'https://example.com/', false],
    ['*.example.com', 'https://badexample.com/', false],
    ['charts.example.com', 'https://charts.example.com./', false],
    ['charts.example.com', 'http://charts.example.com/', false],
  ])('%s and %s: %s', (entry, url, allowed) => {
    expect(isAllowed(new URL(url), [entry])).toBe(allowed)
  })

  it('is asked again where a redirect leads', async () => {
    web.answer = (host, _path, response) =>
      host === 'a.test'
        ? response.writeHead(302, { location: file('b.test') }).end()
        : response.end('kind: A\n')
    expect(await remoteOf(web, ['a.test']).resource(file('a.test'))).toEqual({
      ok: false,
      reason: `a.test${web.port} redirects to b.test${web.port}, which is not allowed`,
      remedy: `Vendor it into the tree, or allow b.test${web.port} under remote.allow in .github/ambient-guard.yml; its version must be pinned.`,
    })
    expect(web.heard.map(({ host }) => host)).toEqual(['a.test'])
    expect(web.resolved).toEqual(['a.test'])
    expect(await remoteOf(web, ['a.test', 'b.test']).resource(file('a.test'))).toMatchObject({
      ok: true,
      entry: 'a.yaml',
    })
  })

  it('follows three redirects and no more', async () => {
    web.answer = (_host, path, response) => {
      const step = Number(path.slice(1, 2))
      return step === 0
        ? response.end('kind: A\n')
        : response.writeHead(307, { location: `/${String(step - 1)}.yaml` }).end()
    }
    const remote = remoteOf(web, ['a.test'])
    expect((await remote.resource(file('a.test', '/3.yaml'))).ok).toBe(true)
    expect(await remote.resource(file('a.test', '/4.yaml'))).toHaveProperty(
      'reason',
      `a.test${web.port} redirects too often`,
    )
  })

  it('does not follow a redirect to another scheme, or into a login', async () => {
    const targets = [
      'ftp://a.test/x.yaml',
      'file:///etc/passwd',
      `http://a.test${web.port}/x.yaml`,
      `https://u:secret@a.test${web.port}/x.yaml`,
    ]
    for (const location of targets) {
      web.answer = (_host, _path, response) => response.writeHead(302, { location }).end()
      const piece = await remoteOf(web, ['a.test']).resource(file('a.test'))
      expect(piece.ok).toBe(false)
      expect(JSON.stringify(piece)).not.toContain('secret')
    }
    expect(web.heard).toHaveLength(4)
    expect(await remoteOf(web, ['a.test']).resource(`http://a.test${web.port}/x.yaml`)).toHaveProperty(
      'reason',
      `a.test${web.port} would not be asked over https`,
    )
  })
})

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '192.0.0.192',
    '168.63.129.16',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '::7f00:1',
    '4000::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fe80::1%eth0',
    '0177.0.0.1',
    '2130706433',
    '',
    'localhost',
  ])('%s is not public', (address) => {
    expect(isPublic(address)).toBe(false)
  })

  it.each(['8.8.8.8', '140.82.112.3', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::1'])(
    '%s is public',
    (address) => {
      expect(isPublic(address)).toBe(true)
    },
  )

  it('of loopback are refused unless a test says otherwise, by name and by number', async () => {
    serve(web, { 'a.test/a.yaml': 'kind: A\n', '127.0.0.1/a.yaml': 'kind: A\n' })
    const allow = [`a.test${web.port}`, `127.0.0.1${web.port}`, '127.0.0.1', 'a.test', '[::1]']
    const resolve = (): Promise<readonly string[]> => Promise.resolve(['127.0.0.1'])
    const product = createRemote({ allow, cacheDirectory: null, resolve })
    const reasons = await Promise.all(
      [
        'https://a.test/a.yaml',
        'https://127.0.0.1/a.yaml',
        'https://0x7f.1/a.yaml',
        'https://[::1]/a.yaml',
        file('a.test'),
      ].map(async (url) => {
        const piece = await product.resource(url)
        return piece.ok ? '' : piece.reason
      }),
    )
    expect(reasons).toEqual([
      'a.test leads to 127.0.0.1, which is not public',
      '127.0.0.1 leads to 127.0.0.1, which is not public',
      '127.0.0.1 leads to 127.0.0.1, which is not public',
      '[::1] leads to ::1, which is not public',
      'a.test leads to 127.0.0.1, which is not public',
    ])
    expect(web.heard).toEqual([])
    expect((await remoteOf(web, ['127.0.0.1']).resource(file('127.0.0.1'))).ok).toBe(true)
  })

  it('of which one is private are refused as a whole', async () => {
    web.addresses = () => ['127.0.0.1', '10.0.0.8']
    serve(web, { 'a.test/a.yaml': 'kind: A\n' })
    expect(await remoteOf(web, ['a.test']).resource(file('a.test'))).toHaveProperty(
      'reason',
      'a.test leads to 10.0.0.8, which is not public',
    )
    expect(web.heard).toEqual([])
  })

  it('are asked for once: a name that leads elsewhere the next time gains nothing', async () => {
    const answers = [['127.0.0.1'], ['127.0.0.2']]
    web.addresses = () => answers.shift() ?? []
    serve(web, { 'rebinding.test/a.yaml': 'kind: A\n' })
    expect((await remoteOf(web, ['rebinding.test']).resource(file('rebinding.test'))).ok).toBe(true)
    // No resolver of the system knows this name: the connection went where the check said.
    expect(web.resolved).toEqual(['rebinding.test'])
    expect(web.heard).toHaveLength(1)
  })

  it('are checked again for each request, on the way of a redirect too', async () => {
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    web.addresses = () => answers.shift() ?? []
    web.answer = (_host, _path, response) =>
      response.writeHead(302, { location: '/latest/meta-data.yaml' }).end()
    expect(await remoteOf(web, ['a.test']).resource(file('a.test'))).toHaveProperty(
      'reason',
      'a.test leads to 169.254.169.254, which is not public',
    )
  })

  it('that are missing are told', async () => {
    web.addresses = () => {
      throw new Error('ENOTFOUND')
    }
    expect(await remoteOf(web, ['a.test']).resource(file('a.test'))).toHaveProperty(
      'reason',
      'a.test cannot be found',
    )
    web.addresses = () => []
    expect(await remoteOf(web, ['a.test']).resource(file('a.test'))).toHaveProperty(
      'reason',
      'a.test has no address',
    )
  })
})

describe('caps', () => {
  it('hold for what is announced and for what only comes', async () => {
    const remote = remoteOf(web, ['a.test'], { limits: { archiveBytes: 1024 * 1024 } })
    const large = 'x'.repeat(1024 * 1024 + 1)
    web.answer = (_host, path, response) => {
      if (path === '/announced.yaml')
        return response.writeHead(200, { 'content-length': '999999999' }).write('x')
      response.write(large)
      return response.end()
    }
    for (const path of ['/announced.yaml', '/comes.yaml'])
      expect(await remote.resource(file('a.test', path))).toHaveProperty(
        'reason',
        `a.test${web.port} sends more than 1 MiB for the file`,
      )
  })

  it('hold for time: of an answer that does not come, or not to its end, and of a name', async () => {
    const limits = { milliseconds: 300 }
    web.answer = (_host, path, response) =>
      path === '/half.yaml' ? response.writeHead(200).write('kind') : true
    for (const path of ['/never.yaml', '/half.yaml'])
      expect(await remoteOf(web, ['a.test'], { limits }).resource(file('a.test', path))).toHaveProperty(
        'reason',
        `a.test${web.port} did not answer in time`,
      )
    const never = (): Promise<readonly string[]> => new Promise(() => undefined)
    expect(
      await remoteOf(web, ['a.test'], { limits, resolve: never }).resource(file('a.test')),
    ).toHaveProperty('reason', `a.test${web.port} did not answer in time`)
  })

  it('hold for the number of pieces', async () => {
    serve(web, Object.fromEntries([1, 2, 3].map((n) => [`a.test/${String(n)}.yaml`, 'kind: A\n'])))
    const remote = remoteOf(web, ['a.test'], { limits: { pieces: 2 } })
    const ask = async (n: number): Promise<boolean> =>
      (await remote.resource(file('a.test', `/${String(n)}.yaml`))).ok
    expect([await ask(1), await ask(2), await ask(3), await ask(1)]).toEqual([true, true, false, true])
  })

  it('let four pieces be under way at once, and the others follow', async () => {
    let busy = 0
    let most = 0
    web.answer = async (_host, _path, response) => {
      busy += 1
      most = Math.max(most, busy)
      // Long enough for all the others to come in, if they may.
      for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      busy -= 1
      return response.end('kind: A\n')
    }
    const remote = remoteOf(web, ['a.test'])
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => remote.resource(file('a.test', `/${String(n)}.yaml`))),
    )
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(most).toBeLessThanOrEqual(4)
  })
})

it('an answer that is no success, and a connection that breaks, are reasons', async () => {
  web.answer = (_host, path, response) =>
    path === '/cut.yaml'
      ? response.writeHead(200, { 'content-length': '50' }).write('kind', () => response.destroy())
      : response.writeHead(503).end()
  const remote = remoteOf(web, ['a.test'])
  expect(await remote.resource(file('a.test', '/x.yaml?token=secret'))).toEqual({
    ok: false,
    reason: `a.test${web.port} answers 503 for the file`,
    remedy: 'Check again once that is mended, or vendor it into the tree.',
  })
  expect(await remote.resource(file('a.test', '/cut.yaml'))).toHaveProperty(
    'reason',
    `a.test${web.port} cannot be reached (ECONNRESET)`,
  )
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = closed.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  await new Promise((resolve) => closed.close(resolve))
  const gone = createRemote({
    allow: [`127.0.0.1:${port}`],
    cacheDirectory: null,
    testAddresses: ['127.0.0.1'],
  })
  expect(await gone.resource(`https://127.0.0.1:${port}/a.yaml`)).toHaveProperty(
    'reason',
    `127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
  )
})

it('sends nothing of ours, and refuses to send what is in a URL', async () => {
  serve(web, { 'a.test/a.yaml': 'kind: A\n' })
  const remote = remoteOf(web, ['a.test'])
  await remote.resource(file('a.test'))
  const names = Object.keys(web.heard[0]?.headers ?? {}).sort()
  expect(names).toEqual(['accept-encoding', 'connection', 'host', 'user-agent'])
  const piece = await remote.resource(`https://user:secret@a.test${web.port}/a.yaml`)
  expect(piece).toHaveProperty('reason', `its URL at a.test${web.port} holds credentials`)
  expect(web.heard).toHaveLength(1)
})

it('asks once for one URL in a report, and anew in the next, but for what is pinned', async () => {
  serve(web, { 'a.test/a.yaml': 'kind: A\n' })
  const memory = remoteMemory()
  const first = remoteOf(web, ['a.test'], { memory })
  const [a, b] = await Promise.all([first.resource(file('a.test')), first.resource(file('a.test'))])
  expect(a).toBe(b)
  expect(web.heard).toHaveLength(1)
  await remoteOf(web, ['a.test'], { memory }).resource(file('a.test'))
  expect(web.heard).toHaveLength(2)
})

it('the memory holds so many bytes, and forgets what was used longest ago', () => {
  const piece = (size: number, id: string) => ({
    ok: true as const,
    files: new Map([['a', new Uint8Array(size)]]),
    entry: 'a',
    id,
  })
  const memory = remoteMemory(100)
  memory.set('a', piece(40, 'a'))
  memory.set('b', piece(40, 'b'))
  memory.get('a')
  memory.set('c', piece(40, 'c'))
  expect(['a', 'b', 'c'].map((key) => memory.get(key)?.id)).toEqual(['a', undefined, 'c'])
  memory.set('d', piece(101, 'd'))
  expect(memory.get('d')).toBeUndefined()
})

it('nothing of the product has addresses that count as public', () => {
  const root = join(import.meta.dirname, '../../src')
  const users = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('remote/'))
    .filter((path) => readFileSync(join(root, path), 'utf8').includes('testAddresses'))
  expect(users).toEqual([])
})
