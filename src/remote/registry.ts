// A chart in an OCI registry: its manifest by tag or digest, and the layer that is the chart. Anonymous: a registry that
// wants a token is asked for one that anybody gets, and the token goes nowhere else.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md and https://helm.sh/docs/topics/registries/
import { sha256 } from './means.ts'
import type { Archive, Means } from './means.ts'
import { hostOf } from './allow.ts'
import { LATER, Refusal, VENDOR, quoted } from './refusal.ts'
import { fetched, parseUrl } from './web.ts'
import type { Answer, Web } from './web.ts'

export interface RegistryUrl {
  readonly origin: URL
  /** `org/charts/name` */
  readonly repository: string
}

/** `oci://host/path`. The registry of docker.io answers under another name, as in containerd. @throws Refusal */
export function parseRegistryUrl(text: string): RegistryUrl {
  // As https, so that the host is read as of any URL; the parser keeps hosts of unknown schemes as they are.
  const url = parseUrl(text.replace(/^oci:/, 'https:'))
  if (url.hostname === 'docker.io') url.hostname = 'registry-1.docker.io'
  const repository = url.pathname.replace(/^\/+|\/+$/g, '')
  if (
    !/^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/.test(repository) ||
    url.search !== ''
  )
    throw new Refusal('its URL names no repository of a registry', 'Write it as oci://host/path.')
  const origin = new URL(url)
  origin.pathname = '/'
  return { origin, repository }
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
/** The second is what Helm wrote before it left its experiments (pkg/registry/constants.go). */
const CHART_LAYERS = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip']
const MANIFEST_BYTES = 4 * 1024 * 1024

/** @param version a tag, in which `+` becomes `_` as Helm writes it, or `sha256:…`. @throws Refusal */
export async function findInRegistry(
  { origin, repository }: RegistryUrl,
  version: string,
  { web, limits }: Pick<Means, 'web' | 'limits'>,
): Promise<Archive> {
  const reference = version.replaceAll('+', '_')
  const login: Login = { web, repository, authorization: undefined }
  const url = new URL(`/v2/${repository}/manifests/${reference}`, origin)
  const { body } = await ask(login, url, {
    headers: { accept: MANIFEST },
    maxBytes: MANIFEST_BYTES,
    what: `the manifest of ${quoted(version)}`,
  })
  if (reference.startsWith('sha256:') && `sha256:${sha256(body)}` !== reference)
    throw new Refusal('its manifest is not the one that its digest names', VENDOR)
  const { digest, size } = layerOf(body)
  if (size > limits.archiveBytes)
    throw new Refusal(`its archive is larger than ${String(limits.archiveBytes / 1024 / 1024)} MiB`, VENDOR)
  const blob = new URL(`/v2/${repository}/blobs/sha256:${digest}`, origin)
  const bounds = { maxBytes: limits.archiveBytes, what: 'the archive' }
  return { digest, download: async () => (await ask(login, blob, bounds)).body }
}

interface Login {
  readonly web: Web
  readonly repository: string
  authorization: string | undefined
}

/** Asks, and once more with a token where one is wanted. */
async function ask(login: Login, url: URL, what: Omit<Parameters<Web>[1], 'authorization'>): Promise<Answer> {
  const first = await login.web(url, { ...what, authorization: login.authorization })
  if (first.status === 200) return first
  if (first.status === 401 && login.authorization === undefined && first.url.origin === url.origin) {
    login.authorization = `Bearer ${await anonymousToken(first, login)}`
    return fetched(login.web, url, { ...what, authorization: login.authorization })
  }
  throw new Refusal(
    `${hostOf(first.url)} answers ${String(first.status)} for ${what.what}`,
    first.status >= 500 ? LATER : VENDOR,
  )
}

/** https://distribution.github.io/distribution/spec/auth/token/ */
async function anonymousToken({ headers, url }: Answer, { web, repository }: Login): Promise<string> {
  const challenge = /^Bearer\s(.*)/i.exec(headers['www-authenticate'] ?? '')?.[1]
  const parameters = new Map(
    [...(challenge ?? '').matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, key = '', value = '']) => [
      key.toLowerCase(),
      value,
    ]),
  )
  const realm = parameters.get('realm')
  if (realm === undefined)
    throw new Refusal(`${hostOf(url)} wants a login`, 'What needs a login must be vendored into the tree.')
  const at = parseUrl(realm)
  const service = parameters.get('service')
  if (service !== undefined) at.searchParams.set('service', service)
  at.searchParams.set('scope', `repository:${repository}:pull`)
  const { body } = await fetched(web, at, { maxBytes: 1024 * 1024, what: 'an anonymous token' })
  const answer = parsed(body)
  const token = typeof answer.token === 'string' ? answer.token : answer.access_token
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token
  throw new Refusal(
    `${hostOf(at)} gives no anonymous token`,
    'What needs a login must be vendored into the tree.',
  )
}

function layerOf(body: Buffer): { readonly digest: string; readonly size: number } {
  const { layers } = parsed(body)
  const list = Array.isArray(layers) ? (layers as readonly unknown[]) : []
  const charts = list.filter(
    (layer): layer is Record<string, unknown> =>
      typeof layer === 'object' &&
      layer !== null &&
      CHART_LAYERS.includes(String((layer as Record<string, unknown>).mediaType)),
  )
  const [layer] = charts
  const hex = /^sha256:([0-9a-f]{64})$/.exec(String(layer?.digest))?.[1]
  if (layer === undefined || charts.length > 1 || hex === undefined)
    throw new Refusal('what its registry has under that name is no chart', VENDOR)
  return { digest: hex, size: typeof layer.size === 'number' ? layer.size : 0 }
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new Refusal('its registry answers with what cannot be read', LATER)
}
