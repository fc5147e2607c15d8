// GitHub fails at one call of the other stories: a merge group, a look that finds what was said mended, an explanation.
// Once there has been another chance each stands as if nothing had happened.
import { expect } from 'vitest'
import { QUICK, atEachCall, testEach } from './faults.ts'
import type { Trouble } from './faults.ts'
import { ALLOW_WEB, ENROLLED, SHOP } from './manifests.ts'
import type { Story } from './scenario.ts'

testEach('a merge group', QUICK, queues)
testEach('a mended pull request', QUICK, tidies)
testEach('an explanation', QUICK, explains)

/** A pull request that cuts something off, and was judged while all was well. */
async function broken({ github, app }: Story, n: number) {
  const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  return { repository, pull }
}

async function queues(story: Story, fault: Trouble): Promise<void> {
  const { github, app } = story
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const { repository, pull } = await broken(story, n)
    const group = await repository.mergeGroup([pull])
    const disarm = arm()
    await app.hears(group.requested())
    for (const { status, output } of group.checks)
      if (status === 'completed') expect(output.title).toMatch(/^(1 error introduced|Could not be judged)$/)
    disarm()
    await app.sweep()
    // Who was told no has left the queue, and is looked at no more.
    const verdict =
      fault.times === undefined ? /^1 error introduced$/ : /^(1 error introduced|Could not be judged)$/
    const said = group.checks.map(({ status, conclusion, output }) => [status, conclusion, output.title])
    expect(said, `call ${String(n)}`).toEqual([['completed', 'failure', expect.stringMatching(verdict)]])
    expect(group.check.output.annotations.length, `call ${String(n)}`).toBeLessThanOrEqual(1)
  })
  // The runs, a new one, git twice, the verdict.
  expect(calls).toBeGreaterThan(4)
}

async function tidies(story: Story, fault: Trouble): Promise<void> {
  const { github, app } = story
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const { pull } = await broken(story, n)
    const disarm = arm()
    // The line that is commented on stays in the diff.
    await app.hears(pull.pushes({ 'shop/namespace.yaml': ENROLLED.replace('ambient', 'none') }))
    disarm()
    await app.sweep()
    const call = `call ${String(n)}`
    const checks = pull.checks.map(({ status, conclusion }) => [status, conclusion])
    expect(checks, call).toEqual([['completed', 'success']])
    expect(pull.reviewComments, call).toMatchObject([{ resolved: true }])
    expect([pull.reviews.length, pull.conversation.length], call).toEqual([1, 0])
  })
  expect(calls).toBeGreaterThan(7)
}

async function explains(story: Story, fault: Trouble): Promise<void> {
  const { github, app } = story
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const { pull } = await broken(story, n)
    const [fingerprint = ''] = /f-[0-9a-f]{10}/.exec(pull.check.output.summary ?? '') ?? []
    const disarm = arm()
    const { commentId } = await app.hears(pull.comment(`/ambient-explain ${fingerprint}`))
    disarm()
    await app.sweep()
    const call = `call ${String(n)}`
    const [, ...answers] = pull.conversation.map(({ body }) => body)
    const receipts = pull.reactions(commentId).map(({ content }) => content)
    expect(receipts, call).toEqual(['eyes', expect.stringMatching(/^(rocket|confused)$/)])
    // What could not be said for an outage, and said so, is said once that is over.
    expect(answers.length, call).toBeLessThanOrEqual(fault.times === undefined ? 1 : 2)
    const isTold = answers.some((one) => one.includes('loses mesh traffic from anywhere on 15008/TCP'))
    expect(isTold, call).toBe(receipts.includes('rocket'))
    if (!isTold) expect(answers.at(-1), call).toMatch(/did not work|could not|cannot/i)
  })
  expect(calls).toBeGreaterThan(5)
}
