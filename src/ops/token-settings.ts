// The environment of one run with a token, as GitHub Actions sets it and as a person may. A token is sent to the one
// GitHub that the addresses name: where only one of the two is given, the other follows from it, and is not guessed.
import { networkOf } from './settings.ts'
import type { Environment } from './settings.ts'

export interface TokenSettings {
  readonly token: string
  /** Of the REST API. */
  readonly apiUrl: string
  /** `<gitUrl>/owner/repo.git` is what git fetches. */
  readonly gitUrl: string
  /** What the network of this machine wants of git. */
  readonly network: Readonly<Record<string, string>>
}

export type TokenSettingsRead =
  | { readonly ok: true; readonly settings: TokenSettings }
  | { readonly ok: false; readonly mistakes: readonly string[] }

/** Reads GITHUB_TOKEN, GITHUB_API_URL and GITHUB_SERVER_URL; mistakes are sentences without the token. */
export function readTokenSettings(env: Environment): TokenSettingsRead {
  const mistakes: string[] = []
  const token = env['GITHUB_TOKEN']?.trim() ?? ''
  if (token === '')
    mistakes.push(
      'GITHUB_TOKEN is not set: a token that may read the repository and write to its pull requests',
    )
  // Whatever cannot be part of a header would be quoted by whoever complains about it.
  else if (!/^[\x21-\x7e]+$/.test(token))
    mistakes.push('GITHUB_TOKEN is no token: it holds spaces or line breaks')
  const address = (name: string): URL | null => {
    const text = env[name]?.trim() ?? ''
    if (text === '') return null
    const url = URL.canParse(text) ? new URL(text) : null
    const plain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
    if (!plain) mistakes.push(`${name} is not an address such as https://github.example.com`)
    return plain ? url : null
  }
  const given = { api: address('GITHUB_API_URL'), server: address('GITHUB_SERVER_URL') }
  const api = given.api ?? apiOf(given.server ?? new URL('https://github.com'))
  const server = given.server ?? serverOf(api)
  if (server === null)
    mistakes.push(
      'GITHUB_SERVER_URL is not set, and does not follow from GITHUB_API_URL: set it to where its pages are, such as https://github.example.com',
    )
  if (mistakes.length > 0 || server === null) return { ok: false, mistakes }
  return {
    ok: true,
    settings: { token, apiUrl: bare(api), gitUrl: bare(server), network: networkOf(env) },
  }
}

/** github.com and ghe.com have a host for the API, a server of one's own a path. */
function apiOf(server: URL): URL {
  return /^(?:github\.com|.+\.ghe\.com)$/.test(server.hostname)
    ? new URL(`${server.protocol}//api.${server.host}`)
    : new URL(`${bare(server)}/api/v3`)
}

function serverOf(api: URL): URL | null {
  if (api.hostname.startsWith('api.')) return new URL(`${api.protocol}//${api.host.slice('api.'.length)}`)
  const text = bare(api)
  return text.endsWith('/api/v3') ? new URL(text.slice(0, -'/api/v3'.length)) : null
}

function bare({ origin, pathname }: URL): string {
  return `${origin}${pathname}`.replace(/\/+$/, '')
}
