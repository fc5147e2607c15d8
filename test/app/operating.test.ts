// What an operator relies on, of a process as it is started: its timer, its end, and what it writes about itself.
import { mkdir, readdir, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import type { GitHub, PullRequest, Repository } from '../harness/index.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { startRedis, whyNoRedis } from '../ops/redis.ts'
import { makeHome, startProcess, stillness, until } from './process.ts'
import type { AppProcess, Home } from './process.ts'

const TIMEOUT = 60_000
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Stage {
  readonly github: GitHub
  readonly home: Home
  readonly app: AppProcess
  readonly pull: PullRequest
  readonly repository: Repository
}

/** A pull request that nobody has heard of yet, and a process with these settings. */
async function stage(more: Readonly<Record<string, string>>): Promise<Stage> {
  const github = await startGitHub()
  ends.push(() => github.close())
  const home = await makeHome(github)
  ends.push(() => home.remove())
  const app = await startProcess(github, home, { SWEEP_INTERVAL: '0', ...more })
  ends.push(() => app.kill())
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.deliverTo(`${app.url}/api/github/webhooks`)
  return { github, home, app, pull, repository }
}

const isJudged = ({ checks }: PullRequest): boolean => checks.at(-1)?.status === 'completed'

function lines(app: AppProcess): readonly Readonly<Record<string, unknown>>[] {
  return app
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('a process of the app', () => {
  it('sweeps by its timer, and finds whose webhook was lost', { timeout: TIMEOUT }, async () => {
    const { github, pull: first, repository } = await stage({ SWEEP_INTERVAL: '1' })
    // The sweep of the beginning has passed by then.
    await until(() => isJudged(first))
    await stillness(github, 300)
    const silence = github.loses({ times: 100 })
    const lost = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB, 'a.md': 'a\n' } })
    await lost.opened()
    silence.stop()
    await until(() => isJudged(lost))
    expect(lost.check.conclusion).toBe('failure')
  })

  it('is asked to end while it judges, and ends with 0 once that is done', { timeout: TIMEOUT }, async () => {
    const { github, app, pull } = await stage({})
    let [goOn, isHeld] = [(): void => undefined, false]
    const free = new Promise<void>((resolve) => {
      goOn = resolve
    })
    github.before({ method: 'POST', path: '/repos/*/*/check-runs' }, () => {
      isHeld = true
      return free
    })
    await pull.opened()
    await until(() => isHeld)
    const code = app.stop()
    await sleep(500)
    goOn()
    expect(await code).toBe(0)
    expect(pull.checks.map(({ status }) => status)).toEqual(['completed'])
  })

  it.each(['is killed at its first call', 'is asked to end while it waits'])(
    'does what a button asks for, also where the process that heard of it %s',
    { timeout: TIMEOUT },
    async (how) => {
      const { github, home, app, pull, repository } = await stage({ CONCURRENCY: '1' })
      await pull.opened()
      await until(() => isJudged(pull))
      await stillness(github, 300)
      const before = pull.head
      if (how.startsWith('is killed')) {
        const gone = new Promise<void>((resolve) => {
          github.before({}, async (request) => {
            await app.kill()
            request.hangUp()
            resolve()
          })
        })
        await pull.check.requestAction('ambient-fix')
        await gone
      } else {
        const busy = await repository.pullRequest({
          changes: { 'shop/netpol.yaml': ALLOW_WEB, 'a.md': 'a\n' },
        })
        let goOn = (): void => undefined
        const held = new Promise<void>((resolve) => {
          github.before({ path: '/repos/*/*/compare/*' }, () => {
            resolve()
            return new Promise((free) => {
              goOn = free
            })
          })
        })
        await busy.opened()
        await held
        await pull.check.requestAction('ambient-fix')
        await sleep(300)
        const code = app.stop()
        goOn()
        expect(await code).toBe(0)
      }
      expect(pull.head).toBe(before)
      const next = await startProcess(github, home, { SWEEP_INTERVAL: '0' })
      ends.push(() => next.kill())
      github.deliverTo(`${next.url}/api/github/webhooks`)
      await until(() => pull.head !== before && isJudged(pull) && pull.checks.at(-1)?.headSha === pull.head)
      expect(pull.check.conclusion).toBe('success')
      expect(pull.conversation).toEqual([])
      await stillness(github, 300)
      // It is done, and no further process does it again.
      expect(await readdir(join(home.directory, 'cache', '_pressed'))).toEqual([])
    },
  )

  it.each([
    ['is not there', false],
    ['is', true],
  ])(
    'does what a button asks for once GitHub is there again, where Redis %s',
    { timeout: TIMEOUT },
    async (_, withRedis) => {
      const redis = withRedis && whyNoRedis() === null ? await startRedis() : null
      if (redis !== null) ends.push(() => redis.stop())
      const more = redis === null ? {} : { REDIS_URL: redis.url }
      const { github, app, pull } = await stage({ PAUSE: '1500', ...more })
      await pull.opened()
      await until(() => isJudged(pull))
      await stillness(github, 300)
      const before = pull.head
      const outage = github.fail({ path: /^\/(?:repos|graphql|app)/, status: 502, times: 10_000 })
      await pull.check.requestAction('ambient-fix')
      await until(() => app.output().includes('the failure of a job could not be told'))
      outage.stop()
      await until(() => pull.head !== before && isJudged(pull) && pull.checks.at(-1)?.headSha === pull.head)
      expect(pull.check.conclusion).toBe('success')
      expect(pull.conversation).toEqual([])
    },
  )

  it('names the pull request and the delivery in every line about a job', { timeout: TIMEOUT }, async () => {
    const { github, app, pull } = await stage({ LOG_FORMAT: 'json' })
    await pull.opened()
    await until(() => isJudged(pull))
    await stillness(github, 300)
    const body = { message: 'Resource not accessible by integration' }
    github.fail({ path: '/repos/*/*/compare/*', status: 403, body, times: 1000 })
    const { commentId } = await pull.comment('/ambient-recheck')
    await until(() => pull.reactions(commentId).length > 1)
    await stillness(github, 300)
    const about = { job: 'command-given', key: `acme/platform#${String(pull.number)}` }
    const told = lines(app).filter(({ job }) => job === 'command-given')
    expect(told).toMatchObject([
      { level: 30, msg: 'job started' },
      {
        level: 50,
        msg: 'job failed',
        name: 'ambient-guard',
        message: expect.stringContaining('a recheck failed: GitHub refused to') as string,
        ...about,
      },
    ])
    for (const { delivery } of told) expect(delivery).toMatch(/^[0-9a-f-]{36}$/)
    // Its check says so, and nobody is told twice.
    expect(pull.conversation).toHaveLength(1)
    expect(pull.check.conclusion).toBe('failure')
    const metrics = await (await fetch(`${app.url}/metrics`)).text()
    expect(metrics).toMatch(/ambient_guard_jobs_total\{kind="command-given",result="failed"\} 1\n/)
  })

  it(
    'writes nothing but what is asked for, and tells its metrics of failures',
    { timeout: TIMEOUT },
    async () => {
      const { github, app, pull } = await stage({ LOG_FORMAT: 'json', LOG_LEVEL: 'error' })
      github.fail({ path: '/repos/*/*/compare/*', status: 403, body: { message: 'no' }, times: 1000 })
      await pull.opened()
      await until(() => isJudged(pull))
      await stillness(github, 300)
      expect(lines(app).every(({ level }) => Number(level) >= 50)).toBe(true)
      const metrics = await (await fetch(`${app.url}/metrics`)).text()
      expect(metrics).toMatch(/ambient_guard_jobs_total\{kind="review-wanted",result="failed"\} 1\n/)
      expect(metrics).toMatch(/ambient_guard_jobs_total\{kind="review-wanted",result="done"\} 0\n/)
    },
  )

  it('counts what is wrong, not what was; and calls that nobody answered', { timeout: TIMEOUT }, async () => {
    const { github, app, pull } = await stage({})
    await pull.opened()
    await until(() => isJudged(pull))
    const worse = await github.repository({
      name: 'worse',
      files: { ...SHOP, 'shop/netpol.yaml': ALLOW_WEB },
    })
    const mended = await worse.pullRequest({ changes: { 'shop/netpol.yaml': null } })
    await mended.opened()
    await until(() => isJudged(mended))
    expect(mended.check.conclusion).toBe('success')
    expect(mended.check.output?.summary).toMatch(/resolved/i)
    await stillness(github, 300)
    const metrics = async (): Promise<string> => (await fetch(`${app.url}/metrics`)).text()
    const before = await metrics()
    // That of the first pull request; the other one resolves one.
    expect(before).toMatch(/ambient_guard_findings_total\{rule="hbone-ingress",severity="error"\} 1\n/)
    expect(before).toMatch(/ambient_guard_github_requests_total\{status="none"\} 0\n/)
    github.before({ method: 'GET', path: '/repos/*/*/pulls/*' }, (request) => {
      request.hangUp()
    })
    await pull.comment('/ambient-recheck')
    await until(async () => !/status="none"\} 0\n/.test(await metrics()))
    await stillness(github, 300)
  })

  it('keeps its cache within the limit from the beginning', { timeout: TIMEOUT }, async () => {
    const github = await startGitHub()
    ends.push(() => github.close())
    const home = await makeHome(github)
    ends.push(() => home.remove())
    const old = join(home.directory, 'cache', 'acme', 'old.git')
    await mkdir(join(old, 'refs', 'kept'), { recursive: true })
    const pack = join(old, 'pack')
    await writeFile(pack, '')
    await truncate(pack, 120 * 1024 * 1024)
    const yesterday = Date.now() / 1000 - 86_400
    await utimes(pack, yesterday, yesterday)
    const app = await startProcess(github, home, { SWEEP_INTERVAL: '0', CACHE_LIMIT_MB: '100' })
    ends.push(() => app.kill())
    await until(async () =>
      /ambient_guard_cache_evictions_total 1\n/.test(await (await fetch(`${app.url}/metrics`)).text()),
    )
    expect(await readdir(join(home.directory, 'cache', 'acme'))).toEqual([])
  })
})
