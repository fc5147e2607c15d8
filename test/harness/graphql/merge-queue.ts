// The merge queue of a branch: null where there is none, and closed to whoever may not read merge queues.
import { entriesOf } from '../model/queue.ts'
import type { RepositoryRecord } from '../model/records.ts'
import { allows } from '../server/tokens.ts'
import { commit } from './checks.ts'
import { PAGE, connection } from './connection.ts'
import { FieldError } from './execute.ts'
import type { Type } from './execute.ts'
import { field } from './fields.ts'
import { pullRequest } from './types.ts'
import type { Viewer } from './viewer.ts'

export function mergeQueue(viewer: Viewer, repo: RepositoryRecord, branch: string): Type | null {
  if (!allows(viewer.token.permissions, 'merge_queues', 'read'))
    throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
  const entries = entriesOf(repo, branch)
  if (entries === null) return null
  const nodes = entries.map(({ pull, base, head, enqueuedAt }, index) => ({
    __typename: 'MergeQueueEntry',
    id: `MQE_${String(pull.id)}`,
    position: index + 1,
    state: 'AWAITING_CHECKS',
    enqueuedAt,
    baseCommit: () => commit(viewer, repo, base),
    headCommit: () => commit(viewer, repo, head),
    pullRequest: () => pullRequest(viewer, pull),
  }))
  return {
    __typename: 'MergeQueue',
    id: `MQ_${String(repo.id)}_${branch}`,
    entries: field(PAGE, (args) => connection('MergeQueueEntry', nodes, args)),
  }
}
