// What the app can see from above: where it is installed, which deliveries of its webhooks failed, and what of a
// repository's open pull requests and merge queue may still be waiting for it.
import type { Probot } from 'probot'
import { CHECK_NAME, pullNumber } from './checks.ts'
import { compareText } from '../../core/source/problem.ts'
import { groundOf } from '../../words/github/ground.ts'
import type { Ground } from '../../words/github/ground.ts'
import { ask } from './client.ts'
import type { Client, RepositoryName } from './client.ts'

/** The installations that are not suspended. */
async function listInstallations(probot: Probot): Promise<readonly number[]> {
  const octokit = await probot.auth()
  const all = await ask('list the installations', () =>
    octokit.paginate(octokit.rest.apps.listInstallations, { per_page: 100 }),
  )
  return all.filter(({ suspended_at }) => suspended_at === null).map(({ id }) => id)
}

/** The repositories of an installation in which pull requests can be opened. */
async function listRepositories(probot: Probot, installation: number): Promise<readonly RepositoryName[]> {
  const octokit = await probot.auth(installation)
  const all = await ask('list the repositories of an installation', () =>
    octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, { per_page: 100 }),
  )
  return all
    .filter(({ archived, disabled }) => !archived && !disabled)
    .map(({ owner, name }) => ({ owner: owner.login, name }))
}

/** What the app sees beyond one repository. */
export interface Overview {
  installations(): Promise<readonly number[]>
  repositories(installation: number): Promise<readonly RepositoryName[]>
  /** Newest first. */
  deliveries(since: Date): Promise<readonly Delivery[]>
  /** Asks GitHub to send a webhook once more. */
  redeliver(delivery: number): Promise<void>
}

/** The overview of an app. */
export function overviewOf(probot: Probot): Overview {
  return {
    installations: () => listInstallations(probot),
    repositories: (installation) => listRepositories(probot, installation),
    deliveries: (since) => listDeliveries(probot, since),
    redeliver: (delivery) => redeliver(probot, delivery),
  }
}

/** A webhook that GitHub sent, or tried to. */
export interface Delivery {
  readonly id: number
  /** The same for every attempt. */
  readonly guid: string
  readonly ok: boolean
  /** `check_run.requested_action`; the event alone where it has no actions. */
  readonly event: string
}

/** The deliveries since then, newest first, as far as `MAX_PAGES` pages go back. */
async function listDeliveries(probot: Probot, since: Date): Promise<readonly Delivery[]> {
  const octokit = await probot.auth()
  const found: Delivery[] = []
  let pages = 0
  await ask('list the deliveries of webhooks', () =>
    octokit.paginate(octokit.rest.apps.listWebhookDeliveries, { per_page: 100 }, ({ data }, done) => {
      pages += 1
      const recent = data.filter(({ delivered_at }) => Date.parse(delivered_at) >= since.getTime())
      found.push(
        ...recent.map(({ id, guid, status_code, event, action }) => ({
          id,
          guid,
          ok: status_code >= 200 && status_code < 300,
          event: action === null ? event : `${event}.${action}`,
        })),
      )
      if (recent.length < data.length || pages >= MAX_PAGES) done()
      return []
    }),
  )
  return found
}

const MAX_PAGES = 10

/** Asks GitHub to send a webhook once more. */
async function redeliver(probot: Probot, delivery: number): Promise<void> {
  const octokit = await probot.auth()
  await ask(`send delivery ${String(delivery)} once more`, () =>
    octokit.rest.apps.redeliverWebhookDelivery({ delivery_id: delivery }),
  )
}

/** An open pull request as it is seen from above. */
export interface OpenPull {
  readonly number: number
  readonly headSha: string
  readonly baseRef: string
  /** The tip of the base branch; null where the branch is gone. */
  readonly baseTip: string | null
  /** Our newest run for this pull request on its head; null where there is none. */
  readonly run: OpenRun | null
  /** Nobody may comment or react. */
  readonly locked: boolean
  /** The newest comments of the conversation, oldest first. */
  readonly comments: readonly OpenComment[]
}

export interface OpenRun {
  /** For GraphQL. */
  readonly id: string
  readonly completed: boolean
  /** ISO 8601; null where GitHub does not say. */
  readonly startedAt: string | null
  /** What it was judged on; null where it does not say. */
  readonly ground: Ground | null
}

export interface OpenComment {
  readonly id: number
  /** ISO 8601. */
  readonly createdAt: string
  readonly body: string
  readonly author: { readonly id: number; readonly login: string }
  readonly authorIsBot: boolean
  /** Has it one of our reactions by which a command is over? */
  readonly answered: boolean
}

/** A commit of a merge queue that waits for checks. */
export interface QueuedGroup {
  readonly headSha: string
  readonly baseSha: string
  readonly baseRef: string
  readonly run: OpenRun | null
}

const RUNS = `checkSuites(first: 10, filterBy: {appId: $app}) {
  nodes {
    checkRuns(first: 100, filterBy: {checkName: "${CHECK_NAME}", checkType: ALL}) {
      nodes { id externalId status startedAt summary }
    }
  }
}`

const PULLS = `query ($owner: String!, $name: String!, $app: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: [OPEN], first: 50, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number
        headRefOid
        locked
        baseRefName
        baseRef { target { oid } }
        comments(last: 20) {
          nodes {
            fullDatabaseId
            createdAt
            body
            author { __typename login ... on User { databaseId } }
            reactionGroups { content viewerHasReacted }
          }
        }
        commits(last: 1) { nodes { commit { oid ${RUNS} } } }
      }
    }
  }
}`

const QUEUE = `query ($owner: String!, $name: String!, $app: Int!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name }
    mergeQueue {
      entries(first: 50) {
        nodes { baseCommit { oid } headCommit { oid ${RUNS} } }
      }
    }
  }
}`

/** A connection of GraphQL: any of its parts is null where GitHub could not tell. */
type Nodes<T> = { readonly nodes: readonly (T | null)[] | null } | null

function nodesOf<T>(connection: Nodes<T>): readonly T[] {
  return (connection?.nodes ?? []).flatMap((node) => node ?? [])
}

interface Runs {
  readonly oid: string
  readonly checkSuites: Nodes<{ readonly checkRuns: Nodes<RawRun> }>
}

interface RawRun {
  readonly id: string
  readonly externalId: string | null
  readonly status: string
  readonly startedAt: string | null
  readonly summary: string | null
}

interface RawComment {
  /** A number too large for the integers of GraphQL. */
  readonly fullDatabaseId: string
  readonly createdAt: string
  readonly body: string
  /** Only users have an id here, and null is somebody who is gone. */
  readonly author: {
    readonly __typename: string
    readonly login: string
    readonly databaseId?: number
  } | null
  readonly reactionGroups: readonly { readonly content: string; readonly viewerHasReacted: boolean }[] | null
}

interface RawPull {
  readonly number: number
  readonly headRefOid: string
  readonly locked: boolean
  readonly baseRefName: string
  readonly baseRef: { readonly target: { readonly oid: string } | null } | null
  readonly comments: Nodes<RawComment>
  readonly commits: Nodes<{ readonly commit: Runs }>
}

interface Pulls {
  readonly repository: {
    readonly pullRequests: {
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
    } & NonNullable<Nodes<RawPull>>
  }
}

interface Queued {
  readonly repository: {
    readonly defaultBranchRef: { readonly name: string } | null
    readonly mergeQueue: {
      readonly entries: Nodes<{
        readonly baseCommit: { readonly oid: string } | null
        readonly headCommit: Runs | null
      }>
    } | null
  }
}

/** Every open pull request, the one touched last first: one call for fifty of them, when their turn comes. */
export async function* openPulls(client: Client, appId: number): AsyncGenerator<OpenPull> {
  for (let after: string | null = null; ;) {
    const variables = { ...client.repository, app: appId, after }
    const answer: Pulls = await ask('show the open pull requests', () =>
      client.octokit.graphql<Pulls>(PULLS, variables),
    )
    const { pageInfo, ...page } = answer.repository.pullRequests
    for (const pull of nodesOf(page)) yield asPull(pull)
    if (!pageInfo.hasNextPage || pageInfo.endCursor === null) return
    after = pageInfo.endCursor
  }
}

/** The commits of the default branch's merge queue; empty where there is none. @throws ApiError also where the app may not see it */
export async function listQueuedGroups(client: Client, appId: number): Promise<readonly QueuedGroup[]> {
  const { repository } = await ask('show the merge queue', () =>
    client.octokit.graphql<Queued>(QUEUE, { ...client.repository, app: appId }),
  )
  const baseRef = repository.defaultBranchRef?.name
  return nodesOf(repository.mergeQueue?.entries ?? null).flatMap(({ baseCommit, headCommit }) =>
    baseCommit === null || headCommit === null || baseRef === undefined
      ? []
      : [{ headSha: headCommit.oid, baseSha: baseCommit.oid, baseRef, run: runOf(headCommit, null) }],
  )
}

function asPull(raw: RawPull): OpenPull {
  const [commit] = nodesOf(raw.commits).map((one) => one.commit)
  return {
    number: raw.number,
    headSha: raw.headRefOid,
    baseRef: raw.baseRefName,
    locked: raw.locked,
    baseTip: raw.baseRef?.target?.oid ?? null,
    run: commit?.oid === raw.headRefOid ? runOf(commit, raw.number) : null,
    comments: nodesOf(raw.comments).map(asComment),
  }
}

function runOf({ checkSuites }: Runs, number: number | null): OpenRun | null {
  const runs = nodesOf(checkSuites)
    .flatMap(({ checkRuns }) => nodesOf(checkRuns))
    .filter(({ externalId }) => pullNumber(externalId) === number)
    .reverse()
    .sort((a, b) => compareText(b.startedAt ?? '', a.startedAt ?? ''))
  const [newest] = runs
  if (newest === undefined) return null
  const { id, status, startedAt, summary } = newest
  const ground = groundOf(summary ?? '')
  return { id, completed: status === 'COMPLETED', startedAt, ground: ground === null ? null : apart(ground) }
}

/** A piece of a long text keeps all of it in memory. */
function apart(ground: Ground): Ground {
  return JSON.parse(JSON.stringify(ground)) as Ground
}

/** The reactions that end a command, as GraphQL names them: rocket, confused and -1. */
const FINAL: readonly string[] = ['ROCKET', 'CONFUSED', 'THUMBS_DOWN']

function asComment({ fullDatabaseId, createdAt, body, author, reactionGroups }: RawComment): OpenComment {
  return {
    id: Number(fullDatabaseId),
    createdAt,
    body,
    author: { id: author?.databaseId ?? 0, login: author?.login ?? 'ghost' },
    authorIsBot: author?.__typename !== 'User',
    answered: (reactionGroups ?? []).some(
      ({ content, viewerHasReacted }) => viewerHasReacted && FINAL.includes(content),
    ),
  }
}
