// The environment becomes settings, or a list of everything that is wrong with it, so that one start tells all.
import { availableParallelism, homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { cacheTrouble, toolsTrouble } from './folders.ts'
import { keyTrouble } from './private-key.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface Settings {
  readonly appId: number
  /** PEM. */
  readonly privateKey: string
  readonly webhookSecret: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** A folder whose kustomize and helm come before all others; null: the pinned copies, then PATH. */
  readonly toolsDirectory: string | null
  /** Where mirrors of repositories are kept. */
  readonly cacheDirectory: string
  readonly github: {
    /** Of the REST API; null: Octokit's own default, api.github.com. */
    readonly apiUrl: string | null
    /** `<gitUrl>/owner/repo.git` is what git fetches. */
    readonly gitUrl: string
  }
  readonly logLevel: LogLevel
  readonly logFormat: 'json' | 'pretty'
  /** Pull requests that are worked on at once. */
  readonly concurrency: number
  /** Threads that judge; 0: the one that answers webhooks. */
  readonly threads: number
  /** MiB of JavaScript objects that each of them may hold. */
  readonly threadMemory: number
  /** Milliseconds between two sweeps; 0: none. */
  readonly sweepInterval: number
  /** Bytes that the cache directory is kept below. */
  readonly cacheLimit: number
  /** redis:// or rediss://: several processes share their work; null: this one is alone. */
  readonly redisUrl: string | null
  /** What the network of this machine wants of git. */
  readonly network: Readonly<Record<string, string>>
}

export type Environment = Readonly<Record<string, string | undefined>>

export type SettingsRead =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly mistakes: readonly string[] }

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const NETWORK = [
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'GIT_SSL_CAINFO',
]

/** What is wrong with the folders that settings name; null: nothing. */
interface FolderTroubles {
  readonly tools: (directory: string) => string | null
  readonly cache: (directory: string) => string | null
}

/** Reads the environment; `readFile` answers for files that it names, and null where there is no such file. */
export function readSettings(
  env: Environment,
  readFile: (path: string) => string | null,
  troubles: FolderTroubles = { tools: toolsTrouble, cache: cacheTrouble },
): SettingsRead {
  const mistakes: string[] = []
  const get = (name: string): string | null => {
    const value = env[name]?.trim() ?? ''
    return value === '' ? null : value
  }
  const whole = (name: string, least: number, most: number, fallback: number | null): number => {
    const value = get(name)
    if (value === null && fallback !== null) return fallback
    const number = /^\d+$/.test(value ?? '') ? Number(value) : NaN
    if (number >= least && number <= most) return number
    const wanted = `a whole number from ${String(least)} to ${String(most)}`
    mistakes.push(value === null ? `${name} is not set: ${wanted}` : `${name} is not ${wanted}`)
    return fallback ?? 0
  }
  const oneOf = <T extends string>(name: string, values: readonly T[], fallback: T): T => {
    const value = get(name)
    const known = values.find((candidate) => candidate === value)
    if (value !== null && known === undefined) mistakes.push(`${name} is not one of ${values.join(', ')}`)
    return known ?? fallback
  }

  const production = get('NODE_ENV') === 'production'
  const secret = get('WEBHOOK_SECRET')
  if (secret === null && get('NODE_ENV') !== 'development') {
    mistakes.push(
      'WEBHOOK_SECRET is not set: without it anybody could send webhooks; only with NODE_ENV=development is it the word "development"',
    )
  }
  const settings: Settings = {
    appId: whole('APP_ID', 1, Number.MAX_SAFE_INTEGER, null),
    privateKey: readKey(get, readFile, mistakes),
    webhookSecret: secret ?? 'development',
    host: get('HOST') ?? '127.0.0.1',
    port: whole('PORT', 0, 65535, 3000),
    toolsDirectory: readTools(get, troubles, mistakes),
    cacheDirectory: readCache(get, troubles, mistakes),
    github: readGitHub(get, oneOf, mistakes),
    logLevel: oneOf('LOG_LEVEL', LEVELS, 'info'),
    logFormat: oneOf('LOG_FORMAT', ['json', 'pretty'], production ? 'json' : 'pretty'),
    concurrency: whole('CONCURRENCY', 1, 64, 4),
    threads: whole('THREADS', 0, 64, Math.min(4, availableParallelism())),
    threadMemory: whole('THREAD_MEMORY_MB', 256, 65_536, 2048),
    sweepInterval: 1000 * whole('SWEEP_INTERVAL', 0, 86_400, 600),
    cacheLimit: 1024 * 1024 * whole('CACHE_LIMIT_MB', 100, 10_000_000, 10_240),
    redisUrl: readRedis(get, mistakes),
    network: networkOf(env),
  }
  // Of what is wrong in them git and Node would say something at the first fetch, or nothing.
  for (const name of ['GIT_SSL_CAINFO', 'NODE_EXTRA_CA_CERTS']) {
    const path = get(name)
    if (path !== null && readFile(path)?.includes('-----BEGIN') !== true)
      mistakes.push(`${name} names no file of certificates in PEM that can be read`)
  }
  return mistakes.length === 0 ? { ok: true, settings } : { ok: false, mistakes }
}

/** What the network of this machine wants of git. */
export function networkOf(env: Environment): Readonly<Record<string, string>> {
  const given = NETWORK.flatMap((name): [string, string][] => {
    const value = env[name]
    // git is started in other folders than this.
    return value === undefined
      ? []
      : [[name, name === 'GIT_SSL_CAINFO' && value !== '' ? resolve(value) : value]]
  })
  return Object.fromEntries(given)
}

type Get = (name: string) => string | null

/** PRIVATE_KEY as PEM (also with `\n` for its line breaks, or all of it in base64), or PRIVATE_KEY_PATH. */
function readKey(get: Get, readFile: (path: string) => string | null, mistakes: string[]): string {
  const [text, path] = [get('PRIVATE_KEY'), get('PRIVATE_KEY_PATH')]
  if (text !== null && path !== null) {
    mistakes.push('PRIVATE_KEY and PRIVATE_KEY_PATH are both set: only one of them may be')
    return ''
  }
  const given = path === null ? text : readFile(path)
  if (given === null) {
    mistakes.push(
      path === null
        ? 'PRIVATE_KEY or PRIVATE_KEY_PATH is not set'
        : 'PRIVATE_KEY_PATH names a file that cannot be read',
    )
    return ''
  }
  const pem = given.includes('-----BEGIN')
    ? given.replaceAll('\\n', '\n')
    : Buffer.from(given, 'base64').toString('utf8')
  const trouble = keyTrouble(pem)
  if (trouble === null) return pem
  const isName = path === null && /^\S+\.(?:pem|key)$/.test(given)
  mistakes.push(
    `${path === null ? 'PRIVATE_KEY' : 'The file of PRIVATE_KEY_PATH'} ${trouble}${isName ? '; the name of a file goes into PRIVATE_KEY_PATH' : ''}`,
  )
  return ''
}

function readTools(get: Get, troubles: FolderTroubles, mistakes: string[]): string | null {
  const directory = get('AMBIENT_GUARD_TOOLS')
  const trouble = directory === null ? null : troubles.tools(directory)
  if (trouble !== null)
    mistakes.push(
      `AMBIENT_GUARD_TOOLS ${trouble}: name the folder that holds kustomize and helm, or unset it`,
    )
  return directory
}

function readCache(get: Get, troubles: FolderTroubles, mistakes: string[]): string {
  const given = get('CACHE_DIR')
  const directory = given ?? join(get('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'ambient-guard')
  const trouble = troubles.cache(directory)
  const name = given === null ? 'CACHE_DIR is not set, and its default' : 'CACHE_DIR'
  if (trouble !== null) mistakes.push(`${name} ${trouble}: name a folder that can be written to`)
  return directory
}

/** The URL holds a password, so that none of it is repeated. */
function readRedis(get: Get, mistakes: string[]): string | null {
  const text = get('REDIS_URL')
  if (text === null) return null
  if (!/^rediss?:\/\//i.test(text) || !URL.canParse(text)) {
    mistakes.push(
      'REDIS_URL is no URL such as redis://:password@host:6379, with the password percent-encoded',
    )
    return null
  }
  const { username, password, pathname, search, hash } = new URL(text)
  if (!isDecodable(username) || !isDecodable(password))
    mistakes.push(
      'REDIS_URL has a user or a password that cannot be decoded: percent-encode it, where % itself is %25',
    )
  // What Redis takes for a whole number.
  if (!/^\/?(?:0|[1-9]\d*)?$/.test(pathname))
    mistakes.push('REDIS_URL has a path that is no number of a database, which is 0 or more')
  // ioredis would take any of its options from there, and the queue does not work with some of them.
  if (!/^(?:\?family=[46])?$/.test(search) || hash !== '')
    mistakes.push('REDIS_URL has parameters, of which only ?family=4 or ?family=6 may be given')
  return text
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function readGitHub(
  get: Get,
  oneOf: <T extends string>(name: string, values: readonly T[], fallback: T) => T,
  mistakes: string[],
): Settings['github'] {
  const host = get('GHE_HOST')
  const protocol = oneOf('GHE_PROTOCOL', ['https', 'http'], 'https')
  if (host === null) {
    if (get('GHE_PROTOCOL') !== null)
      mistakes.push('GHE_PROTOCOL is set, and GHE_HOST is not: it is the protocol of that host')
    return { apiUrl: null, gitUrl: 'https://github.com' }
  }
  if (!isHost(host.toLowerCase())) mistakes.push('GHE_HOST is not a host name, with or without a port')
  return { apiUrl: `${protocol}://${host}/api/v3`, gitUrl: `${protocol}://${host}` }
}

/** A name as RFC 1123, section 2.1, has it, or an address as it stands in a URL; with or without a port. */
function isHost(text: string): boolean {
  // Either scheme leaves out its own port.
  const urls = ['https', 'http'].map((scheme) => `${scheme}://${text}`).filter((url) => URL.canParse(url))
  const url = urls.map((one) => new URL(one)).find(({ host }) => host === text)
  if (url === undefined || url.port === '0') return false
  const labels = url.hostname.replace(/\.$/, '').split('.')
  const isName = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  return url.hostname.startsWith('[') || (isName && url.hostname.length < 255)
}
