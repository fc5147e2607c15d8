// Webhook payloads. Every builder takes a picture of the moment; sending is somebody else's decision.
import type { World } from './world.ts'
import type { Account, IssueCommentRecord, PullRecord, RepositoryRecord } from './records.ts'
import type { ReviewCommentRecord, RunRecord, SuiteRecord } from './records.ts'
import { checkRun, checkSuite } from '../shapes/checks.ts'
import { issue, issueComment, reviewComment } from '../shapes/comments.ts'
import { user } from '../shapes/people.ts'
import { pullFull, pullSimple } from '../shapes/pulls.ts'
import { repository } from '../shapes/repositories.ts'

type Json = Record<string, unknown>

export interface Event {
  readonly event: string
  readonly payload: Json
}

/** What every payload carries; without an installation, or while it is suspended, nobody hears of it. */
export function envelope(world: World, repo: RepositoryRecord, sender: Account): Json {
  const installation = world.installationOf(repo)
  return {
    repository: repository(world, repo),
    ...(repo.owner.type === 'Organization' ? { organization: user(world, repo.owner) } : {}),
    sender: user(world, sender),
    ...(installation === undefined || installation.suspendedAt !== null
      ? {}
      : { installation: { id: installation.id, node_id: `IN_${String(installation.id)}` } }),
  }
}

export function pullEvent(
  world: World,
  action: string,
  pull: PullRecord,
  sender: Account,
  more: Json = {},
): Event {
  return {
    event: 'pull_request',
    payload: {
      action,
      number: pull.number,
      pull_request: pullFull(world, pull),
      ...more,
      ...envelope(world, pull.repo, sender),
    },
  }
}

export function issueCommentEvent(
  world: World,
  action: 'created' | 'edited' | 'deleted',
  comment: IssueCommentRecord,
  sender: Account,
  more: Json = {},
): Event {
  return {
    event: 'issue_comment',
    payload: {
      action,
      issue: issue(world, comment.pull),
      comment: issueComment(world, comment),
      ...more,
      ...envelope(world, comment.pull.repo, sender),
    },
  }
}

export function reviewCommentEvent(
  world: World,
  action: 'created' | 'edited' | 'deleted',
  comment: ReviewCommentRecord,
  sender: Account,
  more: Json = {},
): Event {
  return {
    event: 'pull_request_review_comment',
    payload: {
      action,
      comment: reviewComment(world, comment),
      pull_request: pullSimple(world, comment.pull),
      ...more,
      ...envelope(world, comment.pull.repo, sender),
    },
  }
}

export function checkRunEvent(
  world: World,
  action: string,
  run: RunRecord,
  sender: Account,
  more: Json = {},
): Event {
  return {
    event: 'check_run',
    payload: { action, check_run: checkRun(world, run), ...more, ...envelope(world, run.repo, sender) },
  }
}

export async function checkSuiteEvent(
  world: World,
  action: string,
  suite: SuiteRecord,
  sender: Account,
): Promise<Event> {
  const head = await suite.repo.git.info(suite.headSha)
  return {
    event: 'check_suite',
    payload: { action, check_suite: checkSuite(world, suite, head), ...envelope(world, suite.repo, sender) },
  }
}

/** `before` of a new branch is forty zeros. */
export function pushEvent(
  world: World,
  repo: RepositoryRecord,
  { branch, before, after, forced }: { branch: string; before: string; after: string; forced: boolean },
  sender: Account,
): Event {
  return {
    event: 'push',
    payload: {
      ref: `refs/heads/${branch}`,
      before,
      after,
      created: /^0+$/.test(before),
      deleted: false,
      forced,
      base_ref: null,
      compare: `${world.origin}/${repo.owner.login}/${repo.name}/compare/${before}...${after}`,
      commits: [],
      head_commit: null,
      pusher: { name: sender.login, email: null },
      ...envelope(world, repo, sender),
    },
  }
}
