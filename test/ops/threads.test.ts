// Thinking beside the thread that asks: the same report, and an end to what takes too much.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import { answer, reportOf } from '../../src/threads/question.ts'
import type { Question } from '../../src/threads/question.ts'
import { startThreads, ThinkingFailed } from '../../src/threads/threads.ts'
import { layOutWorkshop } from '../../src/threads/workshop.ts'
import { checkText } from '../../src/words/github/summary.ts'
import { reportJson } from '../../src/words/json.ts'
import { commit, repository, sandbox } from '../git/sandbox.ts'

const NAMESPACE = (labels: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {${labels}}\n`
const SHOP = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
  podSelector: {}
  ingress:
    - ports:
        - port: 8080
`

describe('threads', { timeout: 120_000 }, () => {
  const scratch = sandbox()
  const directory = repository(scratch, 'shop')
  const base = commit(directory, { 'shop/namespace.yaml': NAMESPACE(''), 'shop/web.yaml': SHOP })
  const head = commit(directory, { 'shop/namespace.yaml': NAMESPACE('istio.io/dataplane-mode: ambient') })
  const question: Question = {
    base: { directory, id: base },
    head: { directory, id: head },
    edits: new Map(),
    explain: null,
    config: DEFAULT_CONFIG,
    configProblems: [],
    proposed: null,
    enroll: [],
    today: '2027-01-31',
    only: null,
    repositories: [],
  }
  const heard: (readonly [string, number, number])[] = []
  const options = () => ({
    cacheDirectory: join(scratch, 'cache'),
    toolsDirectory: null,
    memory: 512,
    patience: 60_000,
    remembered: (...lookups: readonly [string, number, number]) => void heard.push(lookups),
  })

  it('say what the thread that asks would say, also why, and what edits change of it', async () => {
    const own = reportOf(await answer(question, layOutWorkshop(options()).of(DEFAULT_CONFIG)))
    expect(own.findings.map(({ rule, change }) => [rule, change])).toContainEqual([
      'hbone-ingress',
      'introduced',
    ])
    const threads = startThreads({ ...options(), count: 2 })
    try {
      const [first, second] = await Promise.all([threads.think(question), threads.think(question)])
      for (const report of [first, second]) {
        expect(reportJson(report, true)).toBe(reportJson(own, true))
        expect(checkText(report)).toBe(checkText(own))
      }
      const mended = await threads.think({
        ...question,
        edits: new Map([
          ['shop/web.yaml', SHOP.replace('port: 8080\n', 'port: 8080\n        - port: 15008\n')],
        ]),
      })
      expect(mended.findings.filter(({ severity }) => severity === 'error')).toEqual([])
      // The second time, what was parsed is known.
      expect(heard.some(([memory, hits]) => memory === 'parsed' && hits > 0)).toBe(true)
    } finally {
      await threads.stop()
    }
  })

  it('end with a sentence where thinking takes too long, and think on', async () => {
    const threads = startThreads({ ...options(), count: 1, patience: 1 })
    try {
      await expect(threads.think(question)).rejects.toThrow(ThinkingFailed)
    } finally {
      await threads.stop()
    }
  })
})
