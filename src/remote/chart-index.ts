// The index of a chart repository over http: which archive a version is. Indexes of large repositories are many
// megabytes, and reading one as YAML takes seconds in which nothing else happens; so the lines of one chart are cut out
// first.
// Format: https://helm.sh/docs/topics/chart_repository/#the-index-file
import { readDocument } from '../core/yaml/index.ts'
import type { RemoteChart } from './chart.ts'
import type { Means } from './means.ts'
import { Refusal, VENDOR, quoted } from './refusal.ts'
import { fetched, parseUrl } from './web.ts'

/** The archive of a version, of which the first URL counts, as for Helm. @throws Refusal */
export async function findInIndex(
  source: RemoteChart,
  { web, limits, shared }: Means,
): Promise<{ readonly url: URL; readonly digest: string | null }> {
  const base = parseUrl(source.url)
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/`
  const indexUrl = new URL(base)
  indexUrl.pathname += 'index.yaml'
  const ask = { maxBytes: limits.indexBytes, what: 'the index of its repository' }
  const body = await shared(indexUrl, async () => (await fetched(web, indexUrl, ask)).body)
  const versions = entriesOf(body.toString('utf8'), source.name)
  const named = versions.filter((entry) => typeof entry.version === 'string')
  const wanted = source.version.replace(/^v/, '')
  const entry =
    named.find(({ version }) => version === source.version) ??
    named.find(({ version }) => (version as string).replace(/^v/, '') === wanted)
  if (entry === undefined) {
    const what =
      versions.length === 0
        ? `no chart ${quoted(source.name)}`
        : `no version ${quoted(source.version)} of ${quoted(source.name)}`
    throw new Refusal(
      `its repository has ${what}`,
      'Name a chart and version that are there, or vendor it into the tree.',
    )
  }
  const [first] = Array.isArray(entry.urls) ? (entry.urls as readonly unknown[]) : []
  if (typeof first !== 'string') throw unreadable()
  return { url: resolveUrl(first, base), digest: digestOf(entry.digest) }
}

type Entry = Readonly<Record<string, unknown>>

/** The versions of a chart; none where the index does not have it. */
function entriesOf(index: string, chart: string): readonly Entry[] {
  const read = index.trimStart().startsWith('{') ? readJson(index) : readYaml(cut(index, chart))
  const list = member(member(read, 'entries'), chart)
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw unreadable()
  return list.filter((entry): entry is Entry => typeof entry === 'object' && entry !== null)
}

/**
 * `entries:` with one chart alone. In a block mapping the keys of one level stand at one column, and what belongs to
 * them is further in, but for the dashes of a list; so the lines of a key end where another stands at its column or
 * before. An index in any other form is left as it is.
 */
function cut(index: string, chart: string): string {
  const start = /^entries:[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*( +)(?! |#)/m.exec(index)
  if (start === null) return index
  const [whole, indent = ''] = start
  const body = index.slice(start.index + whole.length - indent.length)
  const next = new RegExp(`^ {0,${String(indent.length)}}(?![ #\\r\\n]|- |-$)`, 'gm')
  const key = new RegExp(
    `^${indent}(?:"${escape(chart)}"|'${escape(chart)}'|${escape(chart)}):(?=[ \\t\\r]|$)`,
    'm',
  )
  const found = key.exec(body)
  if (found === null) return 'entries: {}'
  next.lastIndex = found.index + found[0].length
  return `entries:\n${body.slice(found.index, next.exec(body)?.index)}`
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable()
  }
}

function readYaml(text: string): unknown {
  const read = readDocument(text, { start: 0, end: text.length })
  if (!read.ok) throw unreadable()
  return read.value
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

/** `ResolveReferenceURL` of Helm (pkg/repo/chartrepo.go): what is relative keeps the query of the repository. */
function resolveUrl(text: string, base: URL): URL {
  const url = parseUrl(text, base)
  if (!URL.canParse(text)) url.search = base.search
  return url
}

/** Helm writes bare hex. What is there and no digest of sha256 cannot be checked, and is not passed over. */
function digestOf(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null
  const hex = typeof value === 'string' ? value.replace(/^sha256:/, '').toLowerCase() : ''
  if (!/^[0-9a-f]{64}$/.test(hex)) throw unreadable()
  return hex
}

function unreadable(): Refusal {
  return new Refusal('the index of its repository cannot be read', VENDOR)
}
