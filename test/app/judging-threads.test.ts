// Thinking beside the thread that asks: the same report, and an end to what takes too much.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import { findCommand } from '../../src/exec.ts'
import { answer, reportOf } from '../../src/threads/question.ts'
import type { Question } from '../../src/threads/question.ts'
import { publicReason } from '../../src/jobs/reason.ts'
import { startThreads, ThinkingFailed } from '../../src/threads/threads.ts'
import type { Threads } from '../../src/threads/threads.ts'
import { layOutWorkshop } from '../../src/threads/workshop.ts'
import { checkText } from '../../src/words/github/summary.ts'
import { reportJson } from '../../src/words/json.ts'
import { commit, repository, sandbox } from '../git/sandbox.ts'
import { isGone } from '../tools/is-gone.ts'
import { standIn, whole } from '../tools/stand-ins.ts'

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
  const ended: unknown[] = []
  const options = () => ({
    cacheDirectory: join(scratch, 'cache'),
    toolsDirectory: null,
    memory: 512,
    patience: 60_000,
    remembered: (...lookups: readonly [string, number, number]) => void heard.push(lookups),
    died: (error: unknown) => void ended.push(error),
  })

  /** Two threads that some tests ask one after the other: a start costs more than all that is asked of them. */
  let two: Threads | undefined
  const both = (): Threads => (two ??= startThreads({ ...options(), count: 2 }))
  afterAll(() => two?.stop())

  // First, since here the threads must know nothing yet.
  it('are given what only they know, and what another waits for goes to one that is idle', async () => {
    const other = repository(scratch, 'other')
    const text = (name: string): string => SHOP.replaceAll('shop', name)
    const [first, second] = ['one', 'two'].map((name) => commit(other, { 'a.yaml': text(name) })) as [
      string,
      string,
    ]
    const elsewhere: Question = {
      ...question,
      base: { directory: other, id: first },
      head: { directory: other, id: second },
    }
    const threads = both()
    const parsed = async (...questions: readonly Question[]): Promise<readonly string[]> => {
      heard.length = 0
      await Promise.all(questions.map((one) => threads.think(one)))
      return heard
        .filter(([memory]) => memory === 'parsed')
        .map(([, , misses]) => (misses > 0 ? 'parsed anew' : 'known'))
    }
    expect(await parsed(question, elsewhere)).toEqual(['parsed anew', 'parsed anew'])
    // Each thread is idle, and has seen one of the two repositories.
    expect(await parsed(elsewhere)).toEqual(['known'])
    expect(await parsed(question)).toEqual(['known'])
    // The thread that knows is busy with the first, so that the other one learns it.
    expect((await parsed(question, question)).toSorted()).toEqual(['known', 'parsed anew'])
  })

  it('say what the thread that asks would say, also why, and what edits change of it', async () => {
    const own = reportOf(await answer(question, layOutWorkshop(options()).of(DEFAULT_CONFIG)))
    expect(own.findings.map(({ rule, change }) => [rule, change])).toContainEqual([
      'hbone-ingress',
      'introduced',
    ])
    const threads = both()
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
    // By now, what was parsed is known.
    expect(heard.some(([memory, hits]) => memory === 'parsed' && hits > 0)).toBe(true)
  })

  it('end with a sentence where thinking takes too long', async () => {
    const threads = startThreads({ ...options(), count: 1, patience: 1 })
    try {
      await expect(threads.think(question)).rejects.toThrow(new ThinkingFailed('judging took more than 0 s'))
    } finally {
      await threads.stop()
    }
  })

  it('leave nobody waiting for one that is busy, and take what renders for them along when they are ended', async () => {
    const tools = join(scratch, 'tools')
    const told = join(scratch, 'pid')
    standIn(tools, 'kustomize', `echo $$ > ${told}\nexec ${await whole('sleep')} 60`)
    const rendered = commit(directory, { 'k/kustomization.yaml': 'resources: [a.yaml]\n', 'k/a.yaml': SHOP })
    const other = repository(scratch, 'beside')
    const id = commit(other, { 'a.yaml': SHOP })
    const elsewhere = { ...question, base: { directory: other, id }, head: { directory: other, id } }
    const threads = startThreads({ ...options(), count: 2, patience: 4000, toolsDirectory: tools })
    try {
      const ends: string[] = []
      const long = threads.think({ ...question, head: { directory, id: rendered } })
      const short = [elsewhere, question, question].map((one) => threads.think(one))
      for (const one of [long, ...short]) one.catch(() => undefined)
      void long.catch(() => ends.push('long'))
      // Nobody waits for the thread that knows his repository while another has nothing to do.
      await Promise.all(short.map((one) => one.then(() => ends.push('short'))))
      expect(ends).toEqual(['short', 'short', 'short'])
      await expect(long).rejects.toThrow(new ThinkingFailed('judging took more than 4 s'))
      if ((await findCommand('setpriv')) !== null)
        expect(await isGone(Number(readFileSync(told, 'utf8')))).toBe(true)
    } finally {
      await threads.stop()
    }
  })

  it('have patience with each question from when they begin with it, however long it waited', async () => {
    const threads = startThreads({ ...options(), count: 1, patience: 1000 })
    // Only the clock of patience, which stands still unless it is set on.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const asked = Array.from({ length: 3 }, async () => {
        const { findings } = await threads.think(question)
        vi.advanceTimersByTime(600)
        return findings.length > 0
      })
      expect(await Promise.all(asked)).toEqual([true, true, true])
    } finally {
      vi.useRealTimers()
      await threads.stop()
    }
  })

  it('say nothing of time to those who wait where they are stopped', async () => {
    const threads = startThreads({ ...options(), count: 1 })
    const [first, ...others] = Array.from({ length: 3 }, () => threads.think(question))
    const asked = Promise.allSettled(others)
    await first
    await threads.stop()
    for (const answered of await asked) {
      expect(answered.status).toBe('rejected')
      expect(answered).not.toHaveProperty('reason.name', 'ThinkingFailed')
    }
  })

  it('end with a sentence where thinking takes too much memory, and think on', async () => {
    const large = repository(scratch, 'large')
    const labels = Array.from({ length: 20_000 }, (_, index) => `k${String(index)}: v`).join(', ')
    const shops = Array.from({ length: 12 }, (_, index) => [
      `${String(index)}.yaml`,
      SHOP.replace('labels: {app: web}', `labels: {app: web, ${labels}}`).replaceAll(
        'shop',
        `shop-${String(index)}`,
      ),
    ])
    const tree = { directory: large, id: commit(large, Object.fromEntries(shops) as Record<string, string>) }
    const threads = startThreads({ ...options(), count: 1, memory: 48 })
    try {
      const [tooMuch, next] = [
        threads.think({ ...question, base: tree, head: tree }),
        threads.think(question),
      ]
      await expect(tooMuch).rejects.toThrow(new ThinkingFailed('judging took more than 48 MiB of memory'))
      expect(publicReason(await tooMuch.catch((error: unknown) => error))).toBe(
        'Judging took more than 48 MiB of memory.',
      )
      // Also what waited for it.
      expect((await next).findings).not.toEqual([])
    } finally {
      await threads.stop()
    }
  })

  it('are told of where they end with nothing asked of them, and the process goes on', async () => {
    const threads = startThreads({ ...options(), count: 1, memory: 4 })
    try {
      await expect.poll(() => ended.length, { timeout: 30_000 }).toBeGreaterThan(0)
      expect(ended[0]).toMatchObject({ code: 'ERR_WORKER_OUT_OF_MEMORY' })
    } finally {
      await threads.stop()
    }
  })

  it('explain what is asked about, or all that is not gone', async () => {
    const workshop = layOutWorkshop(options()).of(DEFAULT_CONFIG)
    const { report, explained } = await answer(question, workshop)
    expect([...explained.keys()]).toEqual(report.findings.map(({ fingerprint }) => fingerprint))
    expect([...explained.values()].every((steps) => steps.length > 0)).toBe(true)
    const last = report.findings.at(-1)?.fingerprint ?? ''
    expect([...(await answer({ ...question, explain: last }, workshop)).explained.keys()]).toEqual([last])
    expect((await answer({ ...question, explain: 'f-0000000000' }, workshop)).explained.size).toBe(0)
    const mended = await answer({ ...question, base: question.head, head: question.base }, workshop)
    expect(mended.report.findings.map(({ change }) => change)).toContain('resolved')
    expect(mended.explained.size).toBe(0)
  })
})
