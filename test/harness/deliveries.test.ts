import { expect, test } from 'vitest'
import { client, jwt, refusal, scene } from './support.ts'
import type { Listener } from './index.ts'

const LIST = 'GET /app/hook/deliveries'

test('the app sees what was sent, the newest first, a page at a time', async () => {
  await scene(async ({ github, octokit, pull }) => {
    github.deliverTo(() => Promise.resolve())
    await pull.opened()
    await pull.retitled('Other')
    await github.settled()
    const app = client(github, jwt(github))
    const { data, headers } = await app.rest.apps.listWebhookDeliveries({ per_page: 2 })
    const sent = [...github.deliveries].sort((a, b) => b.number - a.number)
    expect(sent.map(({ event, action }) => `${event} ${action ?? ''}`).sort()).toEqual([
      'check_suite requested',
      'pull_request edited',
      'pull_request opened',
    ])
    expect(data.map(({ id, guid, event, action }) => [id, guid, event, action])).toEqual(
      sent.slice(0, 2).map(({ number, id, event, action }) => [number, id, event, action]),
    )
    expect(data[0]).toMatchObject({
      status: 'OK',
      status_code: 200,
      redelivery: false,
      installation_id: expect.any(Number) as unknown,
      repository_id: expect.any(Number) as unknown,
    })
    expect(headers.link).toMatch(/[?&]cursor=v1_\d+>; rel="next"$/)
    const all = await app.paginate(app.rest.apps.listWebhookDeliveries, { per_page: 2 })
    expect(all.map(({ id }) => id)).toEqual(sent.map(({ number }) => number))
    expect(await refusal(app.request(LIST, { cursor: 'v1_1' }))).toMatchObject({ status: 422 })
    expect(await refusal(octokit.request(LIST))).toMatchObject({ status: 401 })
    github.assertClean()
  })
})

test('an app that was down asks for what it missed, under the same name', async () => {
  await scene(async ({ github, pull }) => {
    const missed = await pull.comment('/ambient-fix')
    expect(missed).toMatchObject({ status: null, redelivery: false })
    const heard: Parameters<Listener>[0][] = []
    github.deliverTo((delivery) => Promise.resolve(void heard.push(delivery)))
    const app = client(github, jwt(github))
    const failed = async () =>
      (await app.rest.apps.listWebhookDeliveries({ status: 'failure' })).data.map(({ id }) => id)
    expect(await failed()).toEqual([missed.number])
    const again = { delivery_id: missed.number }
    expect((await app.rest.apps.redeliverWebhookDelivery(again)).status).toBe(202)
    await github.settled()
    expect(heard).toEqual([{ id: missed.id, event: 'issue_comment', payload: missed.payload }])
    const [newest] = (await app.rest.apps.listWebhookDeliveries({ status: 'success' })).data
    expect(newest).toMatchObject({ guid: missed.id, redelivery: true, status_code: 200 })
    expect(newest?.id).toBeGreaterThan(missed.number)
    expect(github.deliveries.at(-1)).toMatchObject({ id: missed.id, redelivery: true })
    // The attempt that failed stays in the list as it was.
    expect(await failed()).toEqual([missed.number])
    expect(await refusal(app.rest.apps.redeliverWebhookDelivery({ delivery_id: 7 }))).toMatchObject({
      status: 404,
    })
    github.assertClean()
  })
})

test('some webhooks are lost, or their answer is', async () => {
  await scene(async ({ github, pull }) => {
    const heard: string[] = []
    github.deliverTo(({ payload }) => Promise.resolve(void heard.push(String(payload['action']))))
    const lost = github.loses({ event: 'pull_request', skip: 1, times: 2 })
    expect(await pull.comment('x')).toMatchObject({ status: 200 })
    expect(await pull.retitled('One')).toMatchObject({ status: 200 })
    expect(await pull.retitled('Two')).toMatchObject({ status: null })
    expect(await pull.convertedToDraft()).toMatchObject({ status: null })
    expect(await pull.readyForReview()).toMatchObject({ status: 200 })
    github.loses({ action: 'reopened', status: 503 })
    expect(await pull.reopened()).toMatchObject({ status: 503 })
    expect([lost.hits, heard]).toEqual([2, ['created', 'edited', 'ready_for_review']])
    github.loses({ arrives: true })
    expect(await pull.reopened()).toMatchObject({ status: null })
    expect(heard.at(-1)).toBe('reopened')
    const app = client(github, jwt(github))
    const { data } = await app.rest.apps.listWebhookDeliveries({ status: 'failure' })
    expect(data.map(({ status, status_code }) => [status, status_code])).toEqual([
      ['timed out', 504],
      ['Invalid HTTP Response: 503', 503],
      ['failed to connect to host', 502],
      ['failed to connect to host', 502],
    ])
    github.assertClean()
  })
})

test('what nobody subscribed to was never sent, and what is older than three days is forgotten', async () => {
  let now = Date.UTC(2026, 0, 1)
  await scene(
    async ({ github, repo, pull }) => {
      const app = client(github, jwt(github))
      const list = async () =>
        (await app.rest.apps.listWebhookDeliveries()).data.map(({ event, delivered_at }) => [
          event,
          delivered_at,
        ])
      expect(await repo.pushToBase({ 'b.yaml': 'x\n' })).toMatchObject({ event: 'push', number: 0 })
      await github.settled()
      expect(await list()).toEqual([['check_suite', '2026-01-01T00:00:00Z']])
      now += 2 * 24 * 3_600_000
      const { number } = await pull.retitled('Other')
      now += 2 * 24 * 3_600_000
      expect(await list()).toEqual([['pull_request', '2026-01-03T00:00:00Z']])
      now += 2 * 24 * 3_600_000
      expect(await list()).toEqual([])
      const late = app.rest.apps.redeliverWebhookDelivery({ delivery_id: number })
      expect(await refusal(late)).toMatchObject({ status: 404 })
      github.assertClean()
    },
    { now: () => new Date(now) },
  )
})

test('an installation that is suspended hears nothing and may do nothing', async () => {
  await scene(async ({ github, octokit, pull, of, repo }) => {
    github.deliverTo(() => Promise.resolve())
    const app = client(github, jwt(github))
    const installations = async () =>
      (await app.rest.apps.listInstallations()).data.map(({ suspended_at }) => typeof suspended_at)
    expect(await installations()).toEqual(['object'])
    github.suspend({ owner: 'acme' })
    expect(await installations()).toEqual(['string'])
    expect(await pull.retitled('Other')).toMatchObject({ status: null, number: 0 })
    const suspended = { status: 403, message: 'This installation has been suspended' }
    expect(await refusal(octokit.rest.pulls.get(of))).toMatchObject(suspended)
    const { id } = (await app.rest.apps.listInstallations()).data[0] ?? { id: 0 }
    const token = app.rest.apps.createInstallationAccessToken({ installation_id: id })
    expect(await refusal(token)).toMatchObject(suspended)
    const headers = { authorization: `Basic ${btoa(`x-access-token:${github.token()}`)}` }
    const refs = await fetch(`${repo.cloneUrl}/info/refs?service=git-upload-pack`, { headers })
    expect(refs.status).toBe(403)
    github.suspend({ ends: true })
    expect((await octokit.rest.pulls.get(of)).status).toBe(200)
    expect(await pull.retitled('Another')).toMatchObject({ status: 200 })
    github.assertClean()
  })
})

test('an archived repository is listed, read, and not written to', async () => {
  await scene(async ({ github, octokit }) => {
    const old = await github.repository({ name: 'old', archived: true })
    const { data } = await octokit.rest.apps.listReposAccessibleToInstallation()
    expect(data.repositories.map(({ name, archived }) => [name, archived])).toEqual([
      ['platform', false],
      ['old', true],
    ])
    const at = { owner: 'acme', repo: 'old' }
    expect((await octokit.rest.repos.getBranch({ ...at, branch: 'main' })).status).toBe(200)
    const run = octokit.rest.checks.create({ ...at, name: 'x', head_sha: old.tip() })
    expect(await refusal(run)).toMatchObject({
      status: 403,
      message: expect.stringMatching(/archived/) as unknown,
    })
    github.assertClean()
  })
})
