import { expect, test } from 'vitest'
import { refusal, scene } from './support.ts'

const annotation = {
  path: 'a.yaml',
  start_line: 1,
  end_line: 1,
  annotation_level: 'failure',
  message: 'm',
} as const
const action = { label: 'Fix', description: 'Commit the fix', identifier: 'fix' }
const output = { title: 't', summary: 's' }

const REFUSED = [
  ['51 annotations', { output: { ...output, annotations: Array.from({ length: 51 }, () => annotation) } }],
  ['a summary too long', { output: { ...output, summary: 'x'.repeat(65_536) } }],
  ['a text too long', { output: { ...output, text: 'x'.repeat(65_536) } }],
  ['no title', { output: { summary: 's' } }],
  ['four actions', { actions: [1, 2, 3, 4].map((id) => ({ ...action, identifier: `fix-${String(id)}` })) }],
  ['a long label', { actions: [{ ...action, label: 'x'.repeat(21) }] }],
  ['a long description', { actions: [{ ...action, description: 'x'.repeat(41) }] }],
  ['a long identifier', { actions: [{ ...action, identifier: 'x'.repeat(21) }] }],
  ['completed without a conclusion', { status: 'completed' }],
  ['a conclusion of GitHub alone', { conclusion: 'stale' }],
  ['a status of GitHub alone', { status: 'waiting' }],
  [
    'columns over several lines',
    { output: { ...output, annotations: [{ ...annotation, end_line: 2, start_column: 1 }] } },
  ],
  ['an annotation upside down', { output: { ...output, annotations: [{ ...annotation, start_line: 2 }] } }],
  [
    'a long annotation',
    { output: { ...output, annotations: [{ ...annotation, message: 'é'.repeat(32_769) }] } },
  ],
  [
    'a long annotation title',
    { output: { ...output, annotations: [{ ...annotation, title: 'x'.repeat(256) }] } },
  ],
  ['a commit that is not there', { head_sha: 'f'.repeat(40) }],
  ['a branch for a commit', { head_sha: 'main' }],
] as const

test('a run goes its way, annotations add up, and a conclusion completes it', async () => {
  await scene(async ({ github, octokit, pull, at }) => {
    const run = { ...at, name: 'ambient-guard', head_sha: pull.head, external_id: '1' }
    const { data } = await octokit.rest.checks.create(run)
    const update = { ...at, check_run_id: data.id }
    const fifty = Array.from({ length: 50 }, () => annotation)
    await octokit.rest.checks.update({
      ...update,
      status: 'in_progress',
      output: { ...output, annotations: fifty },
    })
    const last = { ...output, title: '51 problems', annotations: [annotation] }
    await octokit.rest.checks.update({ ...update, conclusion: 'failure', output: last, actions: [action] })
    expect(pull.check).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
      externalId: '1',
      actions: [action],
    })
    expect(pull.check.output.annotations).toHaveLength(51)
    expect(pull.check.history.map(({ status, conclusion }) => [status, conclusion])).toEqual([
      ['queued', null],
      ['in_progress', null],
      ['completed', 'failure'],
    ])
    const listed = await octokit.rest.checks.listForRef({
      ...at,
      ref: pull.head,
      check_name: 'ambient-guard',
    })
    expect(listed.data.check_runs.map(({ id, pull_requests }) => [id, pull_requests.length])).toEqual([
      [data.id, 1],
    ])
    const foreign = await octokit.rest.checks.listForRef({ ...at, ref: pull.head, app_id: 7 })
    expect(foreign.data.total_count).toBe(0)
    expect((await octokit.rest.checks.listAnnotations({ ...update, per_page: 100 })).data).toHaveLength(51)
    expect((await octokit.rest.checks.listSuitesForRef({ ...at, ref: pull.head })).data.total_count).toBe(1)
    github.assertClean()
  })
})

test('the latest of a name, or all of them', async () => {
  await scene(async ({ octokit, pull, at }) => {
    const create = () => octokit.rest.checks.create({ ...at, name: 'ambient-guard', head_sha: pull.head })
    await create()
    const { data } = await create()
    const list = async (filter: 'latest' | 'all') =>
      (await octokit.rest.checks.listForRef({ ...at, ref: pull.branch, filter })).data.check_runs.map(
        ({ id }) => id,
      )
    expect(await list('latest')).toEqual([data.id])
    expect(await list('all')).toHaveLength(2)
    expect(pull.check.id).toBe(data.id)
  })
})

test('what is beyond the limits is refused', async () => {
  await scene(async ({ octokit, pull, at }) => {
    for (const [name, input] of REFUSED) {
      const body = { ...at, name: 'ambient-guard', head_sha: pull.head, ...input }
      expect(await refusal(octokit.rest.checks.create(body as never)), name).toMatchObject({ status: 422 })
    }
    expect(pull.checks).toEqual([])
  })
})

test('buttons are pressed by people, only those that are there', async () => {
  await scene(async ({ github, octokit, pull, at }) => {
    const run = { ...at, name: 'ambient-guard', head_sha: pull.head, output, actions: [action] }
    const { data } = await octokit.rest.checks.create(run)
    await expect(pull.check.requestAction('fix')).rejects.toThrow(/no button/)
    await octokit.rest.checks.update({ ...at, check_run_id: data.id, conclusion: 'failure' })
    await expect(pull.check.requestAction('other')).rejects.toThrow(/only: fix/)
    const pressed = await pull.check.requestAction('fix', { by: 'maintainer' })
    expect(pressed.payload).toMatchObject({
      action: 'requested_action',
      requested_action: { identifier: 'fix' },
      check_run: { id: data.id, head_sha: pull.head },
      sender: { login: 'maintainer' },
    })
    expect((await pull.check.rerequest()).action).toBe('rerequested')
    expect((await pull.check.rerequestSuite()).event).toBe('check_suite')
    await octokit.rest.checks.rerequestRun({ ...at, check_run_id: data.id })
    github.assertClean()
  })
})
