// A chart of a repository elsewhere: which archive it is, by an index over http or a manifest in a registry, and the
// archive itself, which is what its digest says.
import type { ChartSource, Fetched } from '../manifests/unit.ts'
import { unpack } from './archive.ts'
import { findInIndex } from './chart-index.ts'
import type { Disk } from './disk.ts'
import { sha256 } from './means.ts'
import type { Archive, Means } from './means.ts'
import { findInRegistry, parseRegistryUrl } from './registry.ts'
import { Refusal, VENDOR, notPinned, quoted } from './refusal.ts'
import { fetched, parseUrl } from './web.ts'

export type RemoteChart = Extract<ChartSource, { readonly kind: 'remote' }>

/** An exact version of SemVer 2, with the `v` that many put before it; to Helm, `1.2` and `1.x` are ranges. */
const EXACT = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** The version is exact, or a digest in a registry. @throws Refusal where it is open */
export function requirePin({ url, name, version }: RemoteChart): void {
  if (EXACT.test(version) || (url.startsWith('oci://') && DIGEST.test(version))) return
  const chart = quoted(name === '' ? 'the chart' : name)
  const what =
    version === '' ? 'has no version' : `has the version ${quoted(version)}, which may become another`
  throw notPinned(`${chart} ${what}`, 'an exact version such as 1.2.3')
}

/** The first URL that is asked. @throws Refusal where it cannot be read */
export function urlOf({ url }: RemoteChart): URL {
  return url.startsWith('oci://') ? parseRegistryUrl(url).origin : parseUrl(url)
}

/** @throws Refusal */
export async function fetchChart(source: RemoteChart, means: Means): Promise<Fetched> {
  const archive = source.url.startsWith('oci://')
    ? await findInRegistry(
        parseRegistryUrl(
          source.name === '' ? source.url : `${source.url.replace(/\/+$/, '')}/${source.name}`,
        ),
        source.version,
        means,
      )
    : await fromIndex(source, means)
  const bytes = await bytesOf(archive, means.disk)
  const { files, folder } = await unpack(bytes, means.limits)
  if (!files.has(`${folder}/Chart.yaml`)) throw new Refusal('its archive holds no Chart.yaml', VENDOR)
  return { ok: true, files, entry: folder, id: `sha256:${sha256(bytes)}` }
}

async function fromIndex(source: RemoteChart, means: Means): Promise<Archive> {
  const { url, digest } = await findInIndex(source, means)
  // Indexes may point at a registry, with the version as a tag: those of Bitnami do.
  if (url.protocol === 'oci:') {
    const [, repository = '', tag = ''] = /^(.*):([^/:]+)$/.exec(url.href) ?? []
    const archive = await findInRegistry(parseRegistryUrl(repository), tag, means)
    if (digest === null || archive.digest === digest) return archive
    throw changed()
  }
  const ask = { maxBytes: means.limits.archiveBytes, what: 'the archive' }
  return { digest, download: async () => (await fetched(means.web, url, ask)).body }
}

async function bytesOf({ digest, download }: Archive, disk: Disk): Promise<Uint8Array> {
  if (digest === null) return download()
  const name = `sha256-${digest}.tgz`
  const known = await disk.get(name)
  if (known !== null && sha256(known) === digest) return known
  const bytes = await download()
  if (sha256(bytes) !== digest) throw changed()
  await disk.put(name, bytes)
  return bytes
}

function changed(): Refusal {
  const remedy = 'Find out who changed it, and vendor the right one.'
  return new Refusal('its archive is not the one that its digest names', remedy)
}
