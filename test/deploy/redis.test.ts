// What stands in a Redis that several processes share: what is to be done, by name and number. A payload may hold
// anything; what goes on is what the table of tasks has a place for.
import { expect, it } from 'vitest'
import { HEARD, understand } from '../../src/github/intake.ts'
import { entryOf, taskOf } from '../../src/jobs/task.ts'
import { FIX_ACTION } from '../../src/jobs/verdict.ts'

const MARK = 'not-for-redis'
const SHA = 'a'.repeat(40)
const person = { id: 1, login: 'dana', type: 'User', email: MARK }
const around = {
  repository: { name: 'platform', owner: { login: 'acme', token: MARK }, description: MARK },
  installation: { id: 7, token: MARK },
  sender: person,
}
const PAYLOADS: Readonly<Record<(typeof HEARD)[number], unknown>> = {
  pull_request: { ...around, action: 'opened', number: 3, pull_request: { title: MARK, body: MARK } },
  issue_comment: {
    ...around,
    action: 'created',
    issue: { number: 3, pull_request: { url: MARK }, title: MARK, body: MARK },
    comment: { id: 5, created_at: '2027-01-31T12:00:00Z', body: '/ambient-fix', user: person },
  },
  check_run: {
    ...around,
    action: 'requested_action',
    check_run: { name: 'ambient-guard', head_sha: SHA, external_id: '3', output: { summary: MARK } },
    requested_action: { identifier: FIX_ACTION.identifier },
  },
  check_suite: { ...around, action: 'rerequested', check_suite: { head_sha: SHA, app: { key: MARK } } },
  merge_group: {
    ...around,
    action: 'checks_requested',
    merge_group: {
      head_sha: SHA,
      base_sha: SHA,
      base_ref: 'refs/heads/main',
      head_commit: { message: MARK },
    },
  },
}

it.each(HEARD)('a task that comes of %s holds nothing of the payload but what it needs', (name) => {
  const event = understand(name, PAYLOADS[name])
  const task = event === null ? null : taskOf(event)
  expect(task).not.toBeNull()
  const stored = task === null ? '' : JSON.stringify(entryOf(task))
  expect(stored).toContain('"platform"')
  expect(stored).not.toContain(MARK)
})
