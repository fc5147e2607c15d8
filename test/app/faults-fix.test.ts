// GitHub fails at one call of a fix, or from that call on. Once there has been another chance there is one commit, or an
// answer that says why there is none; never two of either, and never an answer that denies a commit that is there.
import { expect } from 'vitest'
import { QUICK, atEachCall, testEach } from './faults.ts'
import type { Trouble } from './faults.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import type { Story } from './scenario.ts'

testEach('a fix', QUICK, fixes)

async function fixes({ github, app }: Story, fault: Trouble): Promise<void> {
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    await app.hears(pull.opened())
    const before = pull.head
    const disarm = arm()
    const { commentId } = await app.hears(pull.comment('/ambient-fix'))
    disarm()
    await app.sweep()
    const call = `call ${String(n)}`
    const [, ...answers] = pull.conversation.map(({ body }) => body)
    const receipts = pull.reactions(commentId).map(({ content }) => content)
    const checks = pull.checks.map(({ status, conclusion }) => [status, conclusion])
    if (pull.head === before) {
      expect(checks, call).toEqual([['completed', 'failure']])
      // Whom GitHub does not know as a collaborator gets no answer.
      const denied = receipts.includes('-1')
      expect(answers, call).toHaveLength(denied ? 0 : 1)
      expect(receipts, call).toContain(denied ? '-1' : 'confused')
    } else {
      expect(pull.lastCommit.parents, call).toEqual([before])
      expect(checks, call).toEqual([['completed', 'success']])
      // What did not work during an outage, and said so, is made good once that is over.
      expect(answers.length, call).toBeLessThanOrEqual(fault.times === undefined ? 0 : 1)
      expect(receipts, call).toEqual(['eyes', 'rocket'])
    }
  })
  expect(calls).toBeGreaterThan(9)
}
