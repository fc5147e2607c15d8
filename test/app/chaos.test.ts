// A process that is killed at any of its calls, and the one that is started after it: GitHub ends as after one clean run.
import { expect, test } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import type { GitHub } from '../harness/index.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { makeHome, startProcess, stillness, until } from './process.ts'
import type { AppProcess } from './process.ts'

/** Kills the app when GitHub has done what the n-th request from now on asks, before it can hear of it. */
function killAt(github: GitHub, n: number, app: () => AppProcess): { readonly hits: number; stop(): void } {
  return github.after({ skip: n - 1 }, async (request) => {
    await app().kill()
    request.hangUp()
  })
}

/** Plays `story` with the app killed at its first call, its second, and so on, until there is no call left to kill it at. */
async function atEveryCall(
  story: (
    github: GitHub,
    attempt: number,
    arm: () => void,
  ) => Promise<{ isOver: () => boolean; check: () => void }>,
): Promise<number> {
  const github = await startGitHub()
  const home = await makeHome(github)
  let app = await startProcess(github, home)
  github.deliverTo(`${app.url}/api/github/webhooks`)
  try {
    for (let n = 1; ; n += 1) {
      let armed: ReturnType<typeof killAt> | null = null
      const { isOver, check } = await story(github, n, () => {
        armed = killAt(github, n, () => app)
      })
      await until(() => (armed?.hits ?? 0) > 0 || isOver())
      await stillness(github, 300)
      const killed = ((armed as ReturnType<typeof killAt> | null)?.hits ?? 0) > 0
      if (killed) {
        app = await startProcess(github, home)
        github.deliverTo(`${app.url}/api/github/webhooks`)
        await until(isOver)
        await stillness(github)
      }
      check()
      if (!killed) return n - 1
    }
  } finally {
    await app.kill()
    await github.close()
    await home.remove()
  }
}

test(
  'killed at every call of a look: one completed check, and everything said once',
  { timeout: 600_000 },
  async () => {
    const calls = await atEveryCall(async (github, n, arm) => {
      const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
      const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
      arm()
      void pull.opened()
      return {
        isOver: () => pull.checks.at(-1)?.status === 'completed',
        check() {
          expect(pull.checks.map(({ status, conclusion }) => [status, conclusion])).toEqual([
            ['completed', 'failure'],
          ])
          expect([pull.reviews.length, pull.pendingReviews.length]).toEqual([1, 0])
          expect(pull.reviewComments).toHaveLength(1)
          expect(pull.conversation).toEqual([])
        },
      }
    })
    // Tokens, the pull request, the check, the two sides, git, what was said, the files, the review, the verdict.
    expect(calls).toBeGreaterThan(8)
  },
)

test('killed at every call of a fix: one commit, one receipt, no answer', { timeout: 600_000 }, async () => {
  const calls = await atEveryCall(async (github, n, arm) => {
    const repository = await github.repository({ name: `shop-${String(n)}`, files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    await pull.opened()
    await until(() => pull.checks.at(-1)?.status === 'completed')
    await stillness(github, 300)
    const before = pull.head
    arm()
    void pull.comment('/ambient-fix')
    const final = (): boolean =>
      pull.conversation[0]?.reactions.some(({ content }) => content === 'rocket') ?? false
    return {
      isOver: () => final() && pull.head !== before && pull.checks.at(-1)?.status === 'completed',
      check() {
        expect(pull.lastCommit.parents).toEqual([before])
        expect(pull.conversation).toHaveLength(1)
        expect(pull.checks.map(({ status, conclusion }) => [status, conclusion])).toEqual([
          ['completed', 'success'],
        ])
      },
    }
  })
  expect(calls).toBeGreaterThan(8)
})
