// A pull request that takes long to judge keeps no webhook waiting: GitHub gives up after ten seconds, for good.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED, NAMESPACE } from './manifests.ts'
import { scenario } from './scenario.ts'

scenario(
  'a label that enrols forty workloads',
  async ({ github, app }) => {
    const many = (text: string): string =>
      Array.from({ length: 40 }, (_, index) => text.replaceAll('my-app', `my-app-${String(index)}`)).join(
        '---\n',
      )
    const repository = await github.repository({
      files: {
        'shop/namespace.yaml': NAMESPACE,
        'shop/app.yaml': many(APP),
        'shop/netpol.yaml': many(ALLOW_WEB),
      },
    })
    const pull = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
    let [longest, last, going] = [0, Date.now(), true]
    const turn = (): void => {
      longest = Math.max(longest, Date.now() - last)
      last = Date.now()
      if (going) setImmediate(turn)
    }
    turn()
    const start = Date.now()
    await app.hears(pull.opened())
    going = false
    expect(pull.check.output.title).toBe('40 errors introduced')
    expect(pull.review.comments).toHaveLength(1)
    // Most of the time goes into judging, which a thread does: this one hears webhooks meanwhile.
    expect(longest).toBeLessThan((Date.now() - start) / 3)
  },
  { threads: 1 },
)
