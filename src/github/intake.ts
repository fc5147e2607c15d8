// The door: webhook payloads become our own events here, or nothing.
// The number of a pull request comes from the external_id of our check run, never from check_run.pull_requests:
// that list is empty for forks.
import { z } from 'zod'
import { CHECK_NAME, pullNumber } from './api/checks.ts'
import type { Event } from './events.ts'

/** The webhook events that are listened to. */
export const HEARD = ['pull_request', 'issue_comment', 'check_run', 'check_suite', 'merge_group'] as const

const envelope = z.object({
  repository: z.object({ name: z.string(), owner: z.object({ login: z.string() }) }),
  installation: z.object({ id: z.int() }),
})
const person = z.object({ id: z.int(), login: z.string() })

const pullRequest = envelope.extend({
  action: z.string(),
  number: z.int(),
  changes: z.object({ base: z.unknown().optional() }).optional(),
})

const issueComment = envelope.extend({
  action: z.string(),
  issue: z.object({ number: z.int(), pull_request: z.unknown().optional() }),
  comment: z.object({
    id: z.int(),
    created_at: z.string(),
    body: z.string(),
    user: person.extend({ type: z.string().optional() }).nullable(),
  }),
  sender: person.extend({ type: z.string().optional() }),
})

const checkRun = envelope.extend({
  action: z.string(),
  check_run: z.object({ name: z.string(), head_sha: z.string(), external_id: z.string().nullish() }),
  requested_action: z.object({ identifier: z.string() }).optional(),
  sender: person,
})

const checkSuite = envelope.extend({ action: z.string(), check_suite: z.object({ head_sha: z.string() }) })

const mergeGroup = envelope.extend({
  action: z.string(),
  merge_group: z.object({ head_sha: z.string(), base_sha: z.string(), base_ref: z.string() }),
})

/** The event that a webhook tells of, or null for one that is nothing to us. */
export function understand(name: string, payload: unknown): Event | null {
  switch (name) {
    case 'pull_request':
      return read(pullRequest, payload, pullRequestEvent)
    case 'issue_comment':
      return read(issueComment, payload, commentEvent)
    case 'check_run':
      return read(checkRun, payload, checkRunEvent)
    case 'check_suite':
      return read(checkSuite, payload, ({ action, check_suite, ...rest }) =>
        action === 'rerequested'
          ? { kind: 'check-rerequested', ...at(rest), number: null, headSha: check_suite.head_sha }
          : null,
      )
    case 'merge_group':
      return read(mergeGroup, payload, mergeGroupEvent)
    default:
      return null
  }
}

/** A payload without an installation, or of another shape, is nothing to us. */
function read<T>(schema: z.ZodType<T>, payload: unknown, make: (value: T) => Event | null): Event | null {
  const parsed = schema.safeParse(payload)
  return parsed.success ? make(parsed.data) : null
}

function at({
  repository,
  installation,
}: z.infer<typeof envelope>): Pick<Event, 'repository' | 'installation'> {
  return {
    repository: { owner: repository.owner.login, name: repository.name },
    installation: installation.id,
  }
}

const CHANGES: readonly string[] = ['opened', 'synchronize', 'reopened', 'ready_for_review']

function pullRequestEvent(payload: z.infer<typeof pullRequest>): Event | null {
  const { action, number, changes } = payload
  if (action === 'closed') return { kind: 'pull-request-closed', ...at(payload), number }
  const retargeted = action === 'edited' && changes?.base !== undefined
  if (!retargeted && !CHANGES.includes(action)) return null
  return { kind: 'pull-request-changed', ...at(payload), number, why: retargeted ? 'retargeted' : action }
}

/** Only new comments: an old one that is edited would act with the rights of today. */
function commentEvent(payload: z.infer<typeof issueComment>): Event | null {
  const { action, issue, comment, sender } = payload
  if (action !== 'created' || issue.pull_request == null || comment.user === null) return null
  return {
    kind: 'command-given',
    ...at(payload),
    number: issue.number,
    commentId: comment.id,
    at: comment.created_at,
    body: comment.body,
    author: { id: comment.user.id, login: comment.user.login },
    // Brackets are for apps alone: no person has them in a login.
    authorIsBot: [sender, comment.user].some(({ type, login }) => type === 'Bot' || login.endsWith('[bot]')),
  }
}

function checkRunEvent(payload: z.infer<typeof checkRun>): Event | null {
  const { action, check_run, requested_action, sender } = payload
  if (check_run.name !== CHECK_NAME) return null
  const number = pullNumber(check_run.external_id)
  const headSha = check_run.head_sha
  if (action === 'rerequested') return { kind: 'check-rerequested', ...at(payload), number, headSha }
  if (action !== 'requested_action' || requested_action === undefined || number === null) return null
  return {
    kind: 'button-pressed',
    ...at(payload),
    number,
    identifier: requested_action.identifier,
    headSha,
    sender: { id: sender.id, login: sender.login },
  }
}

function mergeGroupEvent(payload: z.infer<typeof mergeGroup>): Event | null {
  const { action, merge_group: group } = payload
  if (action !== 'checks_requested') return null
  const baseRef = group.base_ref.replace(/^refs\/heads\//, '')
  return {
    kind: 'merge-group-requested',
    ...at(payload),
    headSha: group.head_sha,
    baseSha: group.base_sha,
    baseRef,
  }
}
