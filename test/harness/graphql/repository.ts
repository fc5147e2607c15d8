// A repository as GraphQL shows it: its pull requests, its merge queue, and what lies in it.
import type { PullRecord, RepositoryRecord } from '../model/records.ts'
import { htmlUrl } from '../shapes/repositories.ts'
import { allows } from '../server/tokens.ts'
import { owner } from './accounts.ts'
import { PAGE, connection } from './connection.ts'
import { FieldError } from './execute.ts'
import type { Args, Type } from './execute.ts'
import { field, seenAs } from './fields.ts'
import type { Takes } from './fields.ts'
import { mergeQueue } from './merge-queue.ts'
import { GIT_OBJECT, ref } from './refs.ts'
import { pullRequest, stateOf } from './types.ts'
import type { Viewer } from './viewer.ts'

const PULLS: Takes = {
  ...PAGE,
  states: { list: { oneOf: ['CLOSED', 'MERGED', 'OPEN'] } },
  baseRefName: 'String',
  headRefName: 'String',
  orderBy: {
    input: {
      field: { required: { oneOf: ['COMMENTS', 'CREATED_AT', 'UPDATED_AT'] } },
      direction: { required: { oneOf: ['ASC', 'DESC'] } },
    },
  },
}

interface PullArguments {
  readonly states?: string | readonly string[] | null
  readonly baseRefName?: string | null
  readonly headRefName?: string | null
  readonly orderBy?: { readonly field: string; readonly direction: string } | null
}

export function repository(viewer: Viewer, repo: RepositoryRecord): Type {
  return {
    __typename: 'Repository',
    id: `R_${String(repo.id)}`,
    databaseId: repo.id,
    name: repo.name,
    nameWithOwner: `${repo.owner.login}/${repo.name}`,
    isFork: repo.parent !== null,
    isArchived: repo.archived,
    url: htmlUrl(viewer.world, repo),
    owner: () => owner(repo.owner),
    defaultBranchRef: () => ref(viewer, repo, repo.defaultBranch),
    pullRequest: field({ number: { required: 'Int' } }, ({ number }) => {
      needPulls(viewer)
      const pull = repo.pulls.get(Number(number))
      if (pull === undefined) {
        throw new FieldError(
          'NOT_FOUND',
          `Could not resolve to a PullRequest with the number of ${String(number)}.`,
        )
      }
      return pullRequest(viewer, pull)
    }),
    pullRequests: field(PULLS, (args) => {
      needPulls(viewer)
      const nodes = pulls(repo, args).map((pull) => pullRequest(viewer, pull))
      return connection('PullRequest', nodes, args)
    }),
    mergeQueue: field({ branch: 'String' }, ({ branch }) =>
      mergeQueue(viewer, repo, typeof branch === 'string' ? branch : repo.defaultBranch),
    ),
    object: field({ expression: 'String', oid: 'String' }, ({ expression, oid }) =>
      object(repo, String(expression ?? oid)),
    ),
  }
}

function needPulls({ token }: Viewer): void {
  if (!allows(token.permissions, 'pull_requests', 'read'))
    throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
}

/** By number, the lowest first, where nothing else is asked for. */
function pulls(repo: RepositoryRecord, args: Args): PullRecord[] {
  const { states, baseRefName, headRefName, orderBy } = args as PullArguments
  const found = [...repo.pulls.values()]
    .filter((pull) => states == null || [states].flat().includes(stateOf(pull)))
    .filter((pull) => baseRefName == null || pull.baseRef === baseRefName)
    .filter((pull) => headRefName == null || pull.headRef === headRefName)
  if (orderBy == null) return found
  const value = (pull: PullRecord): string | number =>
    orderBy.field === 'COMMENTS'
      ? pull.conversation.length
      : orderBy.field === 'UPDATED_AT'
        ? pull.updatedAt
        : pull.createdAt
  const rising = found.sort((a, b) => compare(value(a), value(b)) || a.number - b.number)
  return orderBy.direction === 'DESC' ? rising.reverse() : rising
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `<commit>:<path>` or the SHA of an object; null when there is none. */
async function object(repo: RepositoryRecord, expression: string): Promise<Type | null> {
  const type = (await repo.git.run(['cat-file', '-t', expression], '', [0, 1, 128])).trim()
  const oid = (await repo.git.run(['rev-parse', '--verify', '--quiet', expression], '', [0, 1, 128])).trim()
  if (type === 'commit' || type === 'tree')
    return seenAs(GIT_OBJECT, { __typename: type === 'tree' ? 'Tree' : 'Commit', oid })
  if (type !== 'blob') return null
  const bytes = await repo.git.bytes(['cat-file', 'blob', oid])
  const isBinary = bytes.includes(0)
  const text = isBinary ? null : bytes.toString('utf8')
  const byteSize = bytes.length
  return seenAs(GIT_OBJECT, { __typename: 'Blob', oid, text, isBinary, isTruncated: false, byteSize })
}
