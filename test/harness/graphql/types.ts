// The object types that queries and mutations hand out (docs: GraphQL reference), as far as an app reads them.
import type { World } from '../model/world.ts'
import type { Account, IssueCommentRecord, PullRecord, RepositoryRecord } from '../model/records.ts'
import type { ReviewCommentRecord, ReviewRecord } from '../model/records.ts'
import { pullHtmlUrl } from '../shapes/pulls.ts'
import { htmlUrl } from '../shapes/repositories.ts'
import { FieldError } from './execute.ts'
import type { Args, Type } from './execute.ts'

export type Minimizable = IssueCommentRecord | ReviewCommentRecord | ReviewRecord

/** Bots lose their suffix in GraphQL: the login of `x[bot]` is `x`. */
function actor(account: Account): Type {
  const login = account.login.replace(/\[bot\]$/, '')
  return { __typename: account.type, login, databaseId: account.id, id: `U_${String(account.id)}` }
}

export function repository(world: World, repo: RepositoryRecord): Type {
  return {
    __typename: 'Repository',
    id: `R_${String(repo.id)}`,
    databaseId: repo.id,
    name: repo.name,
    nameWithOwner: `${repo.owner.login}/${repo.name}`,
    isFork: repo.parent !== null,
    url: htmlUrl(world, repo),
    owner: () => actor(repo.owner),
    pullRequest: ({ number }: Args) => {
      const pull = repo.pulls.get(Number(number))
      if (pull === undefined) {
        throw new FieldError(
          'NOT_FOUND',
          `Could not resolve to a PullRequest with the number of ${String(number)}.`,
        )
      }
      return pullRequest(world, pull)
    },
    object: ({ expression, oid }: Args) => blob(repo, String(expression ?? oid)),
  }
}

export function pullRequest(world: World, pull: PullRecord): Type {
  return {
    __typename: 'PullRequest',
    id: `PR_${String(pull.id)}`,
    databaseId: pull.id,
    number: pull.number,
    title: pull.title,
    state: pull.mergedAt === null ? pull.state.toUpperCase() : 'MERGED',
    isDraft: pull.draft,
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    url: pullHtmlUrl(world, pull),
    author: () => actor(pull.author),
    reviewThreads: (args: Args) => connection('PullRequestReviewThread', threads(world, pull), args),
    comments: (args: Args) =>
      connection(
        'IssueComment',
        pull.conversation.map((one) => comment(world, one)),
        args,
      ),
    reviews: (args: Args) =>
      connection(
        'PullRequestReview',
        pull.reviews.map((one) => review(world, one)),
        args,
      ),
  }
}

export function thread(world: World, root: ReviewCommentRecord): Type {
  const inside = root.pull.comments.filter((one) => !one.deleted && (one === root || one.replyTo === root))
  return {
    __typename: 'PullRequestReviewThread',
    id: `PRRT_${String(root.id)}`,
    isResolved: root.resolvedBy !== null,
    // By the schema it is a user, which an app is not.
    resolvedBy: () => (root.resolvedBy?.type === 'User' ? actor(root.resolvedBy) : null),
    isOutdated: root.line === null && root.subject === 'line',
    isCollapsed: root.resolvedBy !== null || root.line === null,
    path: root.path,
    line: root.line,
    startLine: root.startLine,
    originalLine: root.originalLine,
    diffSide: root.side,
    subjectType: root.subject.toUpperCase(),
    comments: (args: Args) =>
      connection(
        'PullRequestReviewComment',
        inside.map((one) => reviewComment(world, one)),
        args,
      ),
  }
}

export function reviewComment(world: World, record: ReviewCommentRecord): Type {
  return {
    __typename: 'PullRequestReviewComment',
    ...common(record),
    id: `PRRC_${String(record.id)}`,
    path: record.path,
    line: record.line,
    outdated: record.line === null,
    url: `${pullHtmlUrl(world, record.pull)}#discussion_r${String(record.id)}`,
  }
}

export function comment(world: World, record: IssueCommentRecord): Type {
  const url = `${pullHtmlUrl(world, record.pull)}#issuecomment-${String(record.id)}`
  return { __typename: 'IssueComment', ...common(record), id: `IC_${String(record.id)}`, url }
}

export function review(world: World, record: ReviewRecord): Type {
  const url = `${pullHtmlUrl(world, record.pull)}#pullrequestreview-${String(record.id)}`
  return {
    __typename: 'PullRequestReview',
    ...common(record),
    id: `PRR_${String(record.id)}`,
    state: record.state,
    commit: () => ({ __typename: 'Commit', oid: record.commit }),
    url,
  }
}

function common(record: Minimizable): Record<string, unknown> {
  return {
    databaseId: record.id,
    fullDatabaseId: String(record.id),
    author: () => actor(record.user),
    body: record.body,
    createdAt: 'createdAt' in record ? record.createdAt : record.submittedAt,
    isMinimized: record.minimized !== null,
    minimizedReason: record.minimized?.toLowerCase() ?? null,
  }
}

function threads(world: World, pull: PullRecord): Type[] {
  return pull.comments
    .filter((one) => one.replyTo === null && !one.deleted && one.review.state !== 'PENDING')
    .map((root) => thread(world, root))
}

/** Pages must be asked for, at most a hundred at once (docs: rate and node limits). */
function connection(of: string, all: readonly Type[], args: Args): Type {
  const { first, last, after, before } = args as {
    first?: number
    last?: number
    after?: string
    before?: string
  }
  if ((first ?? last) == null) {
    throw new FieldError(
      'MISSING_PAGINATION_BOUNDARIES',
      `You must provide a \`first\` or \`last\` value on the connection of ${of}.`,
    )
  }
  if ((first ?? last ?? 0) > 100) {
    throw new FieldError(
      'EXCESSIVE_PAGINATION',
      `Requesting ${String(first ?? last)} records exceeds the \`first\` limit of 100 records.`,
    )
  }
  const low = after == null ? 0 : Number(after)
  const high = before == null ? all.length : Number(before) - 1
  const from = first == null ? Math.max(low, high - (last ?? 0)) : low
  const to = first == null ? high : Math.min(high, low + first)
  const nodes = all.slice(from, to)
  return {
    __typename: `${of}Connection`,
    totalCount: all.length,
    nodes,
    edges: nodes.map((node, index) => ({ __typename: `${of}Edge`, node, cursor: String(from + index + 1) })),
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage: to < all.length,
      hasPreviousPage: from > 0,
      startCursor: nodes.length === 0 ? null : String(from + 1),
      endCursor: nodes.length === 0 ? null : String(to),
    },
  }
}

/** `<commit>:<path>` or the SHA of a blob; null when there is none. */
async function blob(repo: RepositoryRecord, expression: string): Promise<Type | null> {
  const type = (await repo.git.run(['cat-file', '-t', expression], '', [0, 1, 128])).trim()
  const oid = (await repo.git.run(['rev-parse', '--verify', '--quiet', expression], '', [0, 1, 128])).trim()
  if (type === 'commit' || type === 'tree') return { __typename: type === 'tree' ? 'Tree' : 'Commit', oid }
  if (type !== 'blob') return null
  const bytes = await repo.git.bytes(['cat-file', 'blob', oid])
  const isBinary = bytes.includes(0)
  const text = isBinary ? null : bytes.toString('utf8')
  return { __typename: 'Blob', oid, text, isBinary, isTruncated: false, byteSize: bytes.length }
}
