// createCommitOnBranch: atomic, only on the exact head it names, always the app's own signed commit, and blind
// to file modes: what it writes is a plain file.
import type { TokenRecord } from '../server/tokens.ts'
import { allows, reaches } from '../server/tokens.ts'
import type { World } from '../model/world.ts'
import { moveBranch } from '../model/pulls.ts'
import type { RepositoryRecord } from '../model/records.ts'
import { htmlUrl } from '../shapes/repositories.ts'
import type { FileContent } from '../types.ts'
import { FieldError } from './execute.ts'
import type { Type } from './execute.ts'

interface Input {
  readonly branch?: {
    readonly repositoryNameWithOwner?: string
    readonly branchName?: string
    readonly id?: string
  }
  readonly message?: { readonly headline?: string; readonly body?: string | null }
  readonly expectedHeadOid?: string
  readonly fileChanges?: {
    readonly additions?: readonly { readonly path: string; readonly contents: string }[]
    readonly deletions?: readonly { readonly path: string }[]
  }
}

export async function createCommitOnBranch(
  world: World,
  token: TokenRecord,
  input: Readonly<Record<string, unknown>>,
): Promise<Type> {
  const { branch, message, expectedHeadOid, fileChanges } = input as Input
  const headline = message?.headline
  if (headline === undefined || headline.trim() === '')
    throw new FieldError('UNPROCESSABLE', 'A commit message is required')
  if (expectedHeadOid === undefined) throw new FieldError('INVALID', "Argument 'expectedHeadOid' is required")
  const [owner = '', name = ''] = (branch?.repositoryNameWithOwner ?? '').split('/')
  const branchName = (branch?.branchName ?? '').replace(/^refs\/heads\//, '')
  const repo = writable(world, token, owner, name)
  return world.exclusive(async () => {
    const head = await repo.git.commitOf(`refs/heads/${branchName}`)
    if (head === null)
      throw new FieldError('NOT_FOUND', `Could not resolve to a Branch with the name '${branchName}'.`)
    if (head !== expectedHeadOid) {
      const text = `Expected branch to point to "${expectedHeadOid}" but it did not. Pull and try again.`
      throw new FieldError('STALE_DATA', text)
    }
    const changes = await changesOf(
      repo,
      head,
      fileChanges ?? {},
      allows(token.permissions, 'workflows', 'write'),
    )
    const sha = await repo.git.commit({
      parents: [head],
      changes,
      message: message?.body == null || message.body === '' ? headline : `${headline}\n\n${message.body}`,
      author: world.person(world.bot),
      committer: world.webFlow(),
    })
    const events = await moveBranch(world, repo, branchName, sha, world.bot)
    for (const { event, payload } of events) world.hooks.later(event, () => payload)
    const url = `${htmlUrl(world, repo)}/commit/${sha}`
    return {
      __typename: 'CreateCommitOnBranchPayload',
      clientMutationId: null,
      commit: { __typename: 'Commit', oid: sha, url, id: `C_${sha}`, messageHeadline: headline },
      ref: { __typename: 'Ref', name: branchName, prefix: 'refs/heads/' },
    }
  })
}

/** Forks accept the app's commits only where a story says so; those of organizations never do. */
function writable(world: World, token: TokenRecord, owner: string, name: string): RepositoryRecord {
  const repo = world.repository(owner, name)
  const fork = repo !== undefined && repo.parent !== null && reaches(world, token, repo.parent)
  const visible = repo !== undefined && (fork || reaches(world, token, repo))
  if (!visible)
    throw new FieldError('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`)
  const open = fork && world.pulls().some((pull) => pull.headRepo === repo && pull.maintainerCanModify)
  const accepts = fork ? repo.acceptsAppCommits && open : true
  if (!allows(token.permissions, 'contents', 'write') || !accepts) {
    throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
  }
  return repo
}

async function changesOf(
  repo: RepositoryRecord,
  head: string,
  { additions = [], deletions = [] }: NonNullable<Input['fileChanges']>,
  workflows: boolean,
): Promise<Record<string, FileContent>> {
  const changes: Record<string, FileContent> = {}
  for (const { path } of deletions) {
    if ((await repo.git.entry(head, path)) === null) {
      const text = `A path was requested for deletion which does not exist as of commit oid \`${head}\``
      throw new FieldError('UNPROCESSABLE', `${text}: ${path}`)
    }
    changes[path] = null
  }
  for (const { path, contents } of additions) {
    if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(contents)) {
      throw new FieldError('UNPROCESSABLE', `The contents of ${path} are not valid base64`)
    }
    if (
      path === '' ||
      path.startsWith('/') ||
      path.split('/').some((part) => ['', '.', '..', '.git'].includes(part))
    ) {
      throw new FieldError('UNPROCESSABLE', `A path was requested which is not valid: ${path}`)
    }
    changes[path] = Buffer.from(contents, 'base64')
  }
  if (!workflows && Object.keys(changes).some((path) => path.startsWith('.github/workflows/'))) {
    const text = 'refusing to allow a GitHub App to create or update workflow without `workflows` permission'
    throw new FieldError('FORBIDDEN', text)
  }
  return changes
}
