// Contents of a path at a ref: a file in base64 or raw, or a directory.
import type { RepositoryRecord } from '../model/records.ts'
import type { TreeEntry } from '../git/bare-repository.ts'
import { notFound } from '../errors.ts'
import { htmlUrl, repositoryUrl } from '../shapes/repositories.ts'
import { repositoryOf } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'
import { commitNamed } from './repositories.ts'

/** Above one megabyte the content is left out, and only the raw media type has it. */
const MAX_INLINE = 1_000_000

export const contentsRoutes: readonly Route[] = [
  { method: 'GET', template: '/repos/{owner}/{repo}/contents/{path}', handle: getContents },
]

async function getContents(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const ref = call.query.get('ref') ?? repo.defaultBranch
  const path = (call.params['path'] ?? '').replace(/\/$/, '')
  const sha = await commitNamed(repo, ref)
  const entry = path === '' ? null : await repo.git.entry(sha, path)
  if (path !== '' && entry === null) throw notFound()
  if (entry === null || entry.type === 'tree') {
    const all = await repo.git.tree(path === '' ? sha : `${sha}:${path}`, false)
    const prefix = path === '' ? '' : `${path}/`
    const items = all.map((one) => item(call, repo, { ...one, path: prefix + one.path }, ref))
    return { status: 200, body: items }
  }
  const bytes =
    entry.type === 'blob' ? await repo.git.bytes(['cat-file', 'blob', entry.sha]) : Buffer.alloc(0)
  if (/\braw\b/.test(call.accept)) {
    return { status: 200, raw: { type: 'application/vnd.github.raw; charset=utf-8', content: bytes } }
  }
  const inline = bytes.length <= MAX_INLINE
  const content = inline ? bytes.toString('base64').replace(/.{60}/g, '$&\n') : ''
  const body = item(call, repo, entry, ref)
  if (entry.mode === '120000') return { status: 200, body: { ...body, target: bytes.toString('utf8') } }
  if (entry.type === 'commit') return { status: 200, body: { ...body, submodule_git_url: '' } }
  return { status: 200, body: { ...body, content, encoding: inline ? 'base64' : 'none' } }
}

function item(call: Call, repo: RepositoryRecord, entry: TreeEntry, ref: string): Record<string, unknown> {
  const path = entry.path.split('/').map(encodeURIComponent).join('/')
  const url = `${repositoryUrl(call.world, repo)}/contents/${path}?ref=${encodeURIComponent(ref)}`
  const git = `${repositoryUrl(call.world, repo)}/git/${entry.type === 'tree' ? 'trees' : 'blobs'}/${entry.sha}`
  const html = `${htmlUrl(call.world, repo)}/${entry.type}/${ref}/${path}`
  return {
    type: kind(entry),
    size: entry.size ?? 0,
    name: entry.path.split('/').at(-1),
    path: entry.path,
    sha: entry.sha,
    url,
    git_url: git,
    html_url: html,
    download_url: entry.type === 'blob' ? `${htmlUrl(call.world, repo)}/raw/${ref}/${path}` : null,
    _links: { self: url, git, html },
  }
}

function kind(entry: TreeEntry): string {
  if (entry.type === 'tree') return 'dir'
  if (entry.type === 'commit') return 'submodule'
  return entry.mode === '120000' ? 'symlink' : 'file'
}
