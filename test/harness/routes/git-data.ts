// The git database: refs, commits, trees and blobs, for reading and for commits that keep file modes.
import { ApiError, invalid, notFound } from '../errors.ts'
import type { Person } from '../git/bare-repository.ts'
import type { RepositoryRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import { moveBranch } from '../model/pulls.ts'
import { gitCommit } from '../shapes/commits.ts'
import { repositoryUrl } from '../shapes/repositories.ts'
import { repositoryOf, text } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'

/** A recursive tree is cut here (OpenAPI, git/get-tree). */
const MAX_ENTRIES = 100_000

const GIT = '/repos/{owner}/{repo}/git'
export const gitDataRoutes: readonly Route[] = [
  { method: 'GET', template: `${GIT}/ref/{ref}`, handle: getRef },
  { method: 'GET', template: `${GIT}/matching-refs/{ref}`, handle: matchingRefs },
  { method: 'PATCH', template: `${GIT}/refs/{ref}`, handle: updateRef },
  { method: 'GET', template: `${GIT}/commits/{commit_sha}`, handle: getCommit },
  { method: 'POST', template: `${GIT}/commits`, handle: createCommit },
  { method: 'GET', template: `${GIT}/trees/{tree_sha}`, handle: getTree },
  { method: 'POST', template: `${GIT}/trees`, handle: createTree },
  { method: 'GET', template: `${GIT}/blobs/{file_sha}`, handle: getBlob },
  { method: 'POST', template: `${GIT}/blobs`, handle: createBlob },
]

async function getRef(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const name = call.params['ref'] ?? ''
  const sha = await repo.git.commitOf(`refs/${name}`)
  if (sha === null) throw notFound()
  return { status: 200, body: ref(call.world, repo, `refs/${name}`, sha) }
}

async function matchingRefs(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const found = await repo.git.refs(call.params['ref'] ?? '')
  return { status: 200, body: found.map((one) => ref(call.world, repo, one.ref, one.sha)) }
}

/** Moves a branch; without `force` only forward. */
async function updateRef(call: Call): Promise<Answer> {
  const { world } = call
  const repo = repositoryOf(call, ['contents', 'write'])
  const name = call.params['ref'] ?? ''
  const sha = text(call, 'sha') ?? ''
  return world.exclusive(async () => {
    const before = await repo.git.commitOf(`refs/${name}`)
    if (before === null || !name.startsWith('heads/')) throw new ApiError(422, 'Reference does not exist')
    if ((await repo.git.commitOf(sha)) !== sha) throw new ApiError(422, 'Object does not exist')
    if (call.body['force'] !== true && !(await repo.git.isAncestor(before, sha))) {
      throw new ApiError(422, 'Update is not a fast forward')
    }
    const events = await moveBranch(world, repo, name.slice('heads/'.length), sha, world.bot)
    for (const { event, payload } of events) world.hooks.later(event, () => payload)
    return { status: 200, body: ref(world, repo, `refs/${name}`, sha) }
  })
}

async function getCommit(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const sha = await repo.git.commitOf(call.params['commit_sha'] ?? '')
  if (sha === null || sha !== call.params['commit_sha']) throw notFound()
  return { status: 200, body: gitCommit(call.world, repo, await repo.git.info(sha)) }
}

/** Without author and committer the commit is the app's, and signed by GitHub. */
async function createCommit(call: Call): Promise<Answer> {
  const { world, body } = call
  const repo = repositoryOf(call, ['contents', 'write'])
  const tree = text(call, 'tree') ?? ''
  const parents = (body['parents'] ?? []) as string[]
  await known(repo, tree, 'tree')
  for (const parent of parents) await known(repo, parent, 'commit')
  const author = person(world, body['author'])
  const committer = person(world, body['committer']) ?? author
  const sha = await repo.git.commitTree({
    tree,
    parents,
    message: text(call, 'message') ?? '',
    author: author ?? world.person(world.bot),
    committer: committer ?? world.webFlow(),
  })
  return { status: 201, body: gitCommit(world, repo, await repo.git.info(sha)) }
}

async function getTree(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const name = call.params['tree_sha'] ?? ''
  const sha = (
    await repo.git.run(['rev-parse', '--verify', '--quiet', `${name}^{tree}`], '', [0, 1, 128])
  ).trim()
  if (sha === '') throw notFound()
  return { status: 200, body: await tree(call, repo, sha, call.query.has('recursive')) }
}

interface NewEntry {
  readonly path: string
  readonly mode?: string
  readonly sha?: string | null
  readonly content?: string
}

async function createTree(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'write'])
  const base = text(call, 'base_tree')
  const files = new Map<string, string>()
  if (base !== undefined) {
    await known(repo, base, 'tree')
    for (const entry of await repo.git.tree(base, true)) {
      if (entry.type !== 'tree') files.set(entry.path, `${entry.mode} ${entry.sha}`)
    }
  }
  for (const entry of call.body['tree'] as NewEntry[]) {
    const sha = entry.content === undefined ? entry.sha : await writeBlob(repo, Buffer.from(entry.content))
    if (sha == null) files.delete(entry.path)
    else files.set(entry.path, `${entry.mode ?? '100644'} ${await known(repo, sha, 'blob')}`)
  }
  const sha = await writeTree(repo, files)
  return { status: 201, body: await tree(call, repo, sha, false) }
}

async function getBlob(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const sha = call.params['file_sha'] ?? ''
  if ((await type(repo, sha)) !== 'blob') throw notFound()
  const bytes = await repo.git.bytes(['cat-file', 'blob', sha])
  if (/\braw\b/.test(call.accept)) {
    return { status: 200, raw: { type: 'application/vnd.github.raw; charset=utf-8', content: bytes } }
  }
  const url = `${repositoryUrl(call.world, repo)}/git/blobs/${sha}`
  const content = bytes.toString('base64').replace(/.{60}/g, '$&\n')
  return {
    status: 200,
    body: { sha, node_id: `B_${sha}`, size: bytes.length, url, content, encoding: 'base64' },
  }
}

async function createBlob(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'write'])
  const encoding = text(call, 'encoding') === 'base64' ? 'base64' : 'utf8'
  const sha = await writeBlob(repo, Buffer.from(text(call, 'content') ?? '', encoding))
  return { status: 201, body: { sha, url: `${repositoryUrl(call.world, repo)}/git/blobs/${sha}` } }
}

function ref(world: World, repo: RepositoryRecord, name: string, sha: string): object {
  const url = repositoryUrl(world, repo)
  return {
    ref: name,
    node_id: `REF_${name}`,
    url: `${url}/git/${name}`,
    object: { sha, type: 'commit', url: `${url}/git/commits/${sha}` },
  }
}

async function tree(call: Call, repo: RepositoryRecord, sha: string, recursive: boolean): Promise<object> {
  const url = `${repositoryUrl(call.world, repo)}/git`
  const all = await repo.git.tree(sha, recursive)
  return {
    sha,
    url: `${url}/trees/${sha}`,
    truncated: all.length > MAX_ENTRIES,
    tree: all.slice(0, MAX_ENTRIES).map(({ path, mode, type: kind, sha: id, size }) => {
      const place = kind === 'commit' ? {} : { url: `${url}/${kind}s/${id}` }
      return { path, mode, type: kind, sha: id, ...(size === null ? {} : { size }), ...place }
    }),
  }
}

async function writeBlob(repo: RepositoryRecord, bytes: Buffer): Promise<string> {
  return (await repo.git.run(['hash-object', '-w', '--stdin'], bytes)).trim()
}

/** Writes nested trees, deepest first. `files`: path to "mode sha". */
async function writeTree(repo: RepositoryRecord, files: ReadonlyMap<string, string>): Promise<string> {
  const lines: string[] = []
  const folders = new Map<string, Map<string, string>>()
  for (const [path, entry] of files) {
    const slash = path.indexOf('/')
    const [mode = '', sha = ''] = entry.split(' ')
    if (slash === -1) {
      lines.push(`${mode} ${mode === '160000' ? 'commit' : 'blob'} ${sha}\t${path}\0`)
      continue
    }
    const folder = folders.get(path.slice(0, slash)) ?? new Map<string, string>()
    folders.set(path.slice(0, slash), folder.set(path.slice(slash + 1), entry))
  }
  for (const [name, inside] of folders) lines.push(`040000 tree ${await writeTree(repo, inside)}\t${name}\0`)
  return (await repo.git.run(['mktree', '-z'], lines.join(''))).trim()
}

async function type(repo: RepositoryRecord, sha: string): Promise<string> {
  return (await repo.git.run(['cat-file', '-t', sha], '', [0, 1, 128])).trim()
}

async function known(repo: RepositoryRecord, sha: string, kind: string): Promise<string> {
  const found = /^[0-9a-f]{40}$/.test(sha) ? await type(repo, sha) : ''
  if (found !== kind && !(kind === 'tree' && found === 'commit'))
    throw invalid('Git', kind, `${sha} is not a ${kind}`)
  return sha
}

function person(world: World, input: unknown): Person | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  const { name, email, date } = input as { name: string; email: string; date?: string }
  return { name, email, date: date === undefined ? world.now() : new Date(date) }
}
