// GitHub fails at one call of the other stories: a merge group, a look that finds what was said mended, an explanation.
// Once there has been another chance each stands as if nothing had happened.
import { expect, test } from 'vitest'
import { FAULTS, atEachCall, waits } from './faults.ts'
import type { Trouble } from './faults.ts'
import { ALLOW_WEB, ENROLLED, SHOP } from './manifests.ts'
import { play } from './scenario.ts'
import type { Story } from './scenario.ts'

/** No answer at all is met by looks and fixes, at the same client. */
const QUICK = Object.entries(FAULTS).filter(([, { hangs }]) => hangs !== true)
const STORIES = { 'a merge group': queues, 'a mended pull request': tidies, 'an explanation': explains }

for (const [name, { options, ...fault }] of QUICK)
  for (const [what, tell] of Object.entries(STORIES))
    (waits(fault) ? test.concurrent : test)(`${what}, and ${name}`, { timeout: 600_000 }, () =>
      play((story) => tell(story, fault), options),
    )

async function queues({ github, app }: Story, fault: Trouble): Promise<void> {
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    await app.hears(pull.opened())
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

async function tidies({ github, app }: Story, fault: Trouble): Promise<void> {
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    await app.hears(pull.opened())
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

async function explains({ github, app }: Story, fault: Trouble): Promise<void> {
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    await app.hears(pull.opened())
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
