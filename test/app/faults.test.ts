// GitHub fails at one call of a look, whichever it is, in every way that it knows; or from that call on. Once there has
// been another chance, the pull request stands as after a clean look: nothing open, nothing twice, nothing green that
// was not judged.
import { expect } from 'vitest'
import type { PullRequest } from '../harness/index.ts'
import { FAULTS, atEachCall, testEach } from './faults.ts'
import type { Trouble } from './faults.ts'
import { ALLOW_WEB, OPEN_WEB, SHOP } from './manifests.ts'
import type { Story } from './scenario.ts'

testEach('a look', Object.entries(FAULTS), async (story, fault) => {
  await looks(story, fault)
  await finds(story, fault)
})

/** With nothing to say the check is all there is: it is made completed, and once. */
async function looks({ github, app }: Story, fault: Trouble): Promise<void> {
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const repository = await github.repository({ name: `clean-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': OPEN_WEB } })
    const disarm = arm()
    await app.hears(pull.opened())
    for (const { status, output } of pull.checks)
      if (status === 'completed')
        expect(output.title).toMatch(/^(Nothing new is cut off|Could not be judged)$/)
    disarm()
    await app.sweep()
    const said = pull.checks.map(({ status, conclusion, output }) => [status, conclusion, output.title])
    expect(said, `call ${String(n)}`).toEqual([['completed', 'success', 'Nothing new is cut off']])
    expect([...pull.reviews, ...pull.conversation]).toEqual([])
  })
  expect(calls).toBeGreaterThan(6)
}

async function finds({ github, app }: Story, fault: Trouble): Promise<void> {
  const calls = await atEachCall(github, fault, async (n, arm) => {
    const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    const disarm = arm()
    await app.hears(pull.opened())
    // Until somebody looks again a check may be missing or open, and one that is completed says what it knows.
    for (const { status, output } of pull.checks)
      if (status === 'completed') expect(output.title).toMatch(/^(1 error introduced|Could not be judged)$/)
    disarm()
    await app.sweep()
    expect(standing(pull), `call ${String(n)}`).toEqual(CLEAN)
  })
  // The pull request, the check, the two sides, a token, git, what was said, the files, the review, the verdict.
  expect(calls).toBeGreaterThan(9)
}

const CLEAN = {
  checks: [['completed', 'failure', '1 error introduced']],
  annotatedTwice: false,
  saidOnce: true,
  left: [],
}

/** What a person finds; `saidOnce`: on a line, in the review where GitHub took no line, else in the check alone. */
function standing(pull: PullRequest) {
  const { annotations, summary } = pull.check.output
  const said = [pull.reviews.length, pull.reviewComments.length].join()
  const refused = summary?.includes('GitHub did not take review comments') === true
  const inReview = pull.reviews[0]?.body.includes('#### Findings') === true
  return {
    checks: pull.checks.map(({ status, conclusion, output }) => [status, conclusion, output.title]),
    // Where no answer came they are not sent again: the summary says the same.
    annotatedTwice: annotations.length > 1,
    saidOnce: said === (refused ? '0,0' : inReview ? '1,0' : '1,1'),
    left: [...pull.pendingReviews, ...pull.conversation],
  }
}
