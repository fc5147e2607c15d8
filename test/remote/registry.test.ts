// Charts in OCI registries: a registry that gives anybody a token, and what else one may answer.
import type { ServerResponse } from 'node:http'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Fetched } from '../../src/manifests/unit.ts'
import { parseRegistryUrl } from '../../src/remote/registry.ts'
import { createRemote } from '../../src/remote/remote.ts'
import { sandbox } from '../git/sandbox.ts'
import { chart, digestOf } from './archives.ts'
import { remoteOf, site } from './site.ts'

const web = site()
const redis = chart('redis', '1.2.3')
const LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const reason = (piece: Fetched): string => (piece.ok ? 'fetched' : piece.reason)

function ask(
  version: string,
  more: Parameters<typeof remoteOf>[2] = {},
  allow = ['registry.test', 'auth.test'],
  name = 'redis',
) {
  return remoteOf(web, allow, more).chart({
    kind: 'remote',
    url: `oci://registry.test${web.port}/org/charts`,
    name,
    version,
  })
}

interface Registry {
  readonly manifest?: string | ((path: string) => string)
  readonly blob?: (response: ServerResponse) => unknown
  readonly challenge?: string
  readonly token?: string
}

function manifestOf(archive: Uint8Array, mediaType = LAYER): string {
  return JSON.stringify({
    schemaVersion: 2,
    config: {
      mediaType: 'application/vnd.cncf.helm.config.v1+json',
      digest: `sha256:${'0'.repeat(64)}`,
      size: 2,
    },
    layers: [
      {
        mediaType: 'application/vnd.cncf.helm.chart.provenance.v1.prov',
        digest: `sha256:${'1'.repeat(64)}`,
        size: 3,
      },
      { mediaType, digest: `sha256:${digestOf(archive)}`, size: archive.length },
    ],
  })
}

/** As the distribution specification has it, with the token service on another host. */
function registry({
  manifest = manifestOf(redis),
  blob = (response) => response.end(redis),
  challenge,
  token,
}: Registry = {}): void {
  const wanted =
    challenge ??
    `Bearer realm="https://auth.test${web.port}/token?x=1",service="registry.test",scope="repository:org/charts/redis:pull"`
  web.answer = (host, path, response, request) => {
    if (host === 'auth.test')
      return path === '/token?x=1&service=registry.test&scope=repository%3Aorg%2Fcharts%2Fredis%3Apull'
        ? response.end(token ?? JSON.stringify({ token: 'anybody' }))
        : undefined
    if (host !== 'registry.test') return undefined
    if (request.headers.authorization !== 'Bearer anybody')
      return response.writeHead(401, { 'www-authenticate': wanted }).end()
    if (path.startsWith('/v2/org/charts/redis/manifests/'))
      return response.end(typeof manifest === 'string' ? manifest : manifest(path))
    return path === `/v2/org/charts/redis/blobs/sha256:${digestOf(redis)}` ? blob(response) : undefined
  }
}

it('a chart comes by its tag, with a token that anybody gets', async () => {
  registry()
  const piece = await ask('1.2.3')
  expect(piece).toMatchObject({ ok: true, entry: 'redis', id: `sha256:${digestOf(redis)}` })
  expect(
    web.heard.map(
      ({ host, path, headers }) => `${host} ${path.split('?')[0] ?? ''} ${headers.authorization ?? '-'}`,
    ),
  ).toEqual([
    'registry.test /v2/org/charts/redis/manifests/1.2.3 -',
    'auth.test /token -',
    'registry.test /v2/org/charts/redis/manifests/1.2.3 Bearer anybody',
    `registry.test /v2/org/charts/redis/blobs/sha256:${digestOf(redis)} Bearer anybody`,
  ])
  expect(web.heard[0]?.headers.accept).toBe('application/vnd.oci.image.manifest.v1+json')
})

it('a plus in a version is an underscore in its tag', async () => {
  registry()
  expect(reason(await ask('1.2.3+build.7'))).toBe('fetched')
  expect(web.heard[0]?.path).toBe('/v2/org/charts/redis/manifests/1.2.3_build.7')
})

it('the URL names the chart where the source has no name', async () => {
  registry()
  const source = {
    kind: 'remote',
    url: `oci://registry.test${web.port}/org/charts/redis`,
    name: '',
    version: '1.2.3',
  } as const
  expect(reason(await remoteOf(web, ['registry.test', 'auth.test']).chart(source))).toBe('fetched')
})

it('a digest pins, and the manifest must have it', async () => {
  const manifest = manifestOf(redis)
  registry({ manifest })
  expect(reason(await ask(`sha256:${digestOf(Buffer.from(manifest))}`))).toBe('fetched')
  expect(reason(await ask(`sha256:${'a'.repeat(64)}`))).toBe(
    'its manifest is not the one that its digest names',
  )
  for (const version of ['latest', '1.2', 'sha256:abc'])
    expect(reason(await ask(version))).toBe(`redis has the version ${version}, which may become another`)
})

it('an archive on disk is not downloaded again', async () => {
  const cacheDirectory = join(sandbox(), 'cache')
  registry()
  const times = [await ask('1.2.3', { cacheDirectory }), await ask('1.2.3', { cacheDirectory })]
  expect(times.map(reason)).toEqual(['fetched', 'fetched'])
  expect(readdirSync(cacheDirectory)).toEqual([`sha256-${digestOf(redis)}.tgz`])
  expect(web.heard.filter(({ path }) => path.includes('/blobs/'))).toHaveLength(1)
})

describe('the token', () => {
  it('is asked for from a host that is allowed, too', async () => {
    registry()
    expect(reason(await ask('1.2.3', {}, ['registry.test']))).toBe(`auth.test${web.port} is not allowed`)
    expect(web.heard.map(({ host }) => host)).toEqual(['registry.test'])
  })

  it('does not follow a redirect to where blobs are', async () => {
    registry({
      blob: (response) => response.writeHead(307, { location: `https://cdn.test${web.port}/blob` }).end(),
    })
    const answer = web.answer
    web.answer = (host, ...rest) => (host === 'cdn.test' ? rest[1].end(redis) : answer(host, ...rest))
    expect(reason(await ask('1.2.3'))).toBe(
      `registry.test${web.port} redirects to cdn.test${web.port}, which is not allowed`,
    )
    expect(reason(await ask('1.2.3', {}, ['registry.test', 'auth.test', 'cdn.test']))).toBe('fetched')
    expect(web.heard.find(({ host }) => host === 'cdn.test')?.headers).not.toHaveProperty('authorization')
  })

  it('is not asked for on the word of somebody else', async () => {
    web.answer = (host, _path, response) =>
      host === 'registry.test'
        ? response.writeHead(307, { location: `https://cdn.test${web.port}/x` }).end()
        : response
            .writeHead(401, { 'www-authenticate': `Bearer realm="https://auth.test${web.port}/token"` })
            .end()
    const piece = await ask('1.2.3', {}, ['registry.test', 'auth.test', 'cdn.test'])
    expect(reason(piece)).toBe(`cdn.test${web.port} answers 401 for the manifest of 1.2.3`)
    expect(web.heard.map(({ host }) => host)).toEqual(['registry.test', 'cdn.test'])
  })

  it.each([
    ['a password is wanted', { challenge: 'Basic realm="registry"' }, 'registry.test:PORT wants a login'],
    [
      'the realm is another machine',
      { challenge: 'Bearer realm="https://169.254.169.254/latest"' },
      '169.254.169.254 is not allowed',
    ],
    ['the realm is no URL', { challenge: 'Bearer realm="x"' }, 'its URL cannot be read'],
    ['the answer is none', { token: '<html>' }, 'its registry answers with what cannot be read'],
    ['the answer has none', { token: '{"token": 1}' }, 'auth.test:PORT gives no anonymous token'],
    [
      'the token would be more than a header',
      { token: JSON.stringify({ token: 'a\r\nx: y' }) },
      'auth.test:PORT gives no anonymous token',
    ],
    [
      'the token opens nothing',
      { token: JSON.stringify({ access_token: 'nobody' }) },
      'registry.test:PORT answers 401 for the manifest of 1.2.3',
    ],
  ])('%s', async (_what, options, expected) => {
    registry(options)
    expect(reason(await ask('1.2.3'))).toBe(expected.replace(':PORT', web.port))
  })
})

describe('what a registry has under a name may be', () => {
  it.each([
    [
      'an image',
      manifestOf(redis, 'application/vnd.oci.image.layer.v1.tar+gzip'),
      'what its registry has under that name is no chart',
    ],
    [
      'an index of images',
      JSON.stringify({ manifests: [] }),
      'what its registry has under that name is no chart',
    ],
    [
      'layers of the wrong shape',
      JSON.stringify({ layers: [null, 1, { mediaType: LAYER }] }),
      'what its registry has under that name is no chart',
    ],
    [
      'two charts',
      JSON.stringify({
        layers: [LAYER, LAYER].map((mediaType) => ({ mediaType, digest: `sha256:${digestOf(redis)}` })),
      }),
      'what its registry has under that name is no chart',
    ],
    [
      'a digest that leads elsewhere',
      JSON.stringify({ layers: [{ mediaType: LAYER, digest: 'sha256:../../../x' }] }),
      'what its registry has under that name is no chart',
    ],
    ['a page', '<html>', 'its registry answers with what cannot be read'],
    [
      'an archive that is too large',
      JSON.stringify({ layers: [{ mediaType: LAYER, digest: `sha256:${digestOf(redis)}`, size: 10485761 }] }),
      'its archive is larger than 10 MiB',
    ],
  ])('%s', async (_what, manifest, expected) => {
    registry({ manifest })
    expect(reason(await ask('1.2.3'))).toBe(expected)
  })

  it('another archive than its digest says', async () => {
    registry({ blob: (response) => response.end(chart('redis', '6.6.6')) })
    expect(reason(await ask('1.2.3'))).toBe('its archive is not the one that its digest names')
  })

  it('an old chart, of before Helm left its experiments', async () => {
    registry({ manifest: manifestOf(redis, 'application/tar+gzip') })
    expect(reason(await ask('1.2.3'))).toBe('fetched')
  })
})

it('an index may point at a registry, whose archive must have the digest of the index', async () => {
  registry()
  const answer = web.answer
  let digest = digestOf(redis)
  web.answer = (host, path, response, request) =>
    host === 'charts.test'
      ? response.end(
          `entries:\n  redis:\n  - version: 1.2.3\n    digest: ${digest}\n    urls:\n    - oci://registry.test${web.port}/org/charts/redis:1.2.3\n`,
        )
      : answer(host, path, response, request)
  const fetchIt = () =>
    remoteOf(web, ['charts.test', 'registry.test', 'auth.test']).chart({
      kind: 'remote',
      url: `https://charts.test${web.port}`,
      name: 'redis',
      version: '1.2.3',
    })
  expect(reason(await fetchIt())).toBe('fetched')
  digest = 'a'.repeat(64)
  expect(reason(await fetchIt())).toBe('its archive is not the one that its digest names')
})

describe('the URL of a registry', () => {
  it('is a host, perhaps with a port, and a path; docker.io answers elsewhere', () => {
    const read = (text: string): string => {
      const { origin, repository } = parseRegistryUrl(text)
      return `${origin.href} ${repository}`
    }
    expect(read('oci://ghcr.io/org/charts/redis/')).toBe('https://ghcr.io/ org/charts/redis')
    expect(read('oci://registry.example.com:5000/a')).toBe('https://registry.example.com:5000/ a')
    expect(read('oci://docker.io/bitnamicharts/redis')).toBe(
      'https://registry-1.docker.io/ bitnamicharts/redis',
    )
  })

  it.each([
    'oci://',
    'oci://ghcr.io',
    'oci://ghcr.io/UPPER',
    'oci://ghcr.io/a//b',
    'oci://ghcr.io/a:1.2.3',
    'oci://ghcr.io/a?b=c',
    'oci://ghcr.io/a%2f..',
  ])('%s is refused', async (url) => {
    const remote = createRemote({
      allow: ['ghcr.io'],
      cacheDirectory: null,
      resolve: () => Promise.reject(new Error('asked')),
    })
    const piece = await remote.chart({ kind: 'remote', url, name: '', version: '1.2.3' })
    expect(reason(piece)).toMatch(/^its URL (?:cannot be read|names no repository of a registry)$/)
  })
})
