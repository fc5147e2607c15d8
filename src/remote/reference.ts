// What a kustomization means by a URL: a file, or a folder of a git repository. kustomize tries the first and then the
// second (api/internal/target, accumulateResources); here the URL alone decides, so that nothing is asked in vain.
import { posix } from 'node:path'
import { Refusal, notPinned } from './refusal.ts'
import { parseUrl } from './web.ts'

export type Reference =
  | { readonly kind: 'file'; readonly url: URL }
  | {
      readonly kind: 'git'
      /** Without a query; `<url>/info/refs` answers. */
      readonly url: URL
      /** From the root of the repository; `.` is the root. */
      readonly path: string
      /** A tag or a full commit id, as written; empty where there is none. */
      readonly ref: string
    }

/** Reads a URL as kustomize does (api/internal/git/repospec.go). @throws Refusal for what is not fetched over https */
export function parseReference(text: string): Reference {
  const plain = text.replace(/^git::/i, '')
  if (/^(?:ssh:\/\/|git:\/\/|[\w.-]+@[\w.-]+[:/])/i.test(plain))
    throw new Refusal(
      'it is fetched over ssh, which needs a key',
      'Name it by https, or vendor it into the tree.',
    )
  const written = /^github\.com\//i.test(plain) ? `https://${plain}` : plain
  const url = parseUrl(written)
  const asGit = plain !== text || !/^https?:\/\//i.test(plain) || looksLikeGit(url)
  return asGit ? gitReference(url, written) : { kind: 'file', url }
}

/** The ref must stay what it is. @throws Refusal where it is missing; whether it is a branch, only the repository knows */
export function requireRef({ ref }: { readonly ref: string }): void {
  if (ref === '') throw notPinned('it names no tag or commit', 'one with ?ref=')
}

/** Places that serve another file tomorrow. What a tag or a branch is called elsewhere in a URL, nobody can tell. */
export function requireFixed(url: URL): void {
  const moving =
    url.pathname.includes('/releases/latest/') ||
    url.pathname.includes('/refs/heads/') ||
    /^raw\.githubusercontent\.com\/[^/]+\/[^/]+\/(?:main|master|HEAD)\//.test(url.hostname + url.pathname)
  if (moving)
    throw notPinned('it names what is the latest, which becomes another', 'the URL of a tag or a commit')
}

function looksLikeGit(url: URL): boolean {
  if (/\.(?:ya?ml|json)$/i.test(url.pathname)) return false
  const marked = /_git\/|\/\/|\.git(?:\/|$)/.test(url.pathname)
  const asked = url.searchParams.has('ref') || url.searchParams.has('version')
  const page =
    url.hostname === 'github.com' && !/^\/[^/]+\/[^/]+\/(?:raw|releases|archive)\//.test(url.pathname)
  return marked || asked || page
}

function gitReference(url: URL, written: string): Reference {
  // As it is written: a parser of URLs would follow `..` out of the folder, and into another repository.
  const [, raw = ''] = /^[a-z][a-z+.-]*:\/\/[^/?#]*\/([^?#]*)/i.exec(written) ?? []
  const [repository, path] = split(decoded(raw))
  const folder = posix.normalize(path.replace(/\/{2,}/g, '/').replace(/^\/|\/$/g, '') || '.')
  const bad = repository.split('/').some((part) => part === '' || part === '.' || part === '..')
  if (bad || folder === '..' || folder.startsWith('../') || /\p{Cc}/u.test(repository + folder))
    throw new Refusal(
      'its URL names no folder of a repository',
      'Write it as https://host/org/repository//folder?ref=tag.',
    )
  const at = new URL(url)
  at.pathname = `/${repository}`
  at.search = ''
  at.hash = ''
  const ref = url.searchParams.get('ref') || url.searchParams.get('version') || ''
  return { kind: 'git', url: at, path: folder, ref }
}

/** The repository, and the folder in it: `parsePathParts` of kustomize, in its order. */
function split(path: string): readonly [repository: string, folder: string] {
  const azure = /^(.*?_git\/[^/]+)(.*)/s.exec(path)
  const marked = azure ?? /^(.*?)\/\/(.*)/s.exec(path) ?? /^(.*?\.git)(?=\/|$)(.*)/s.exec(path)
  const [, repository = '', folder = ''] = marked ?? /^([^/]+\/[^/]+)(.*)/s.exec(path) ?? []
  return [repository, folder]
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
