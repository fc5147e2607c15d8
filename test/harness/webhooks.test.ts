import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { scene } from './support.ts'
import type { Listener } from './index.ts'

test('deliveries are signed, named and numbered, and their answer comes back', async () => {
  await scene(async ({ github, pull }) => {
    const heard: { headers: Record<string, unknown>; body: string }[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
        response.writeHead(202).end('queued')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    github.deliverTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`)
    const delivery = await pull.opened()
    await github.redeliver(delivery)
    expect(delivery).toMatchObject({ event: 'pull_request', action: 'opened', status: 202, body: 'queued' })
    const [first, second] = heard.filter(({ headers }) => headers['x-github-event'] === 'pull_request')
    const signature = createHmac('sha256', github.webhookSecret)
      .update(first?.body ?? '')
      .digest('hex')
    expect(first?.headers).toMatchObject({
      'x-hub-signature-256': `sha256=${signature}`,
      'x-github-delivery': delivery.id,
    })
    expect(second?.headers['x-github-delivery']).toBe(delivery.id)
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      action: 'opened',
      number: 1,
      installation: { id: expect.any(Number) },
      repository: { full_name: 'acme/platform' },
      sender: { login: 'contributor', type: 'User' },
      pull_request: { head: { sha: pull.head }, mergeable: null },
    })
    server.close()
    await github.settled()
    expect(await pull.reopened()).toMatchObject({ status: null })
  })
})

test('each deed has its event', async () => {
  await scene(async ({ github, repo, pull }) => {
    const heard: string[] = []
    const listener: Listener = ({ event, payload }) => {
      heard.push(`${event}.${String(payload['action'])}`)
      return Promise.resolve()
    }
    github.deliverTo(listener)
    await repo.createBranch('release')
    const before = pull.head
    expect((await pull.pushes({ 'b.yaml': 'x\n' })).payload).toMatchObject({ before, after: pull.head })
    expect((await pull.forcePushes({ 'b.yaml': 'y\n' })).payload).toMatchObject({
      action: 'synchronize',
      after: pull.head,
    })
    expect((await pull.retargeted('release')).payload).toMatchObject({
      changes: { base: { ref: { from: 'main' } } },
    })
    await pull.retitled('Other')
    await pull.convertedToDraft()
    await pull.readyForReview()
    const { commentId } = await pull.comment('hello')
    await pull.editsComment(commentId, 'hello again')
    await pull.closed({ merged: true })
    await github.settled()
    expect(heard.filter((event) => !event.startsWith('check_suite'))).toEqual([
      'pull_request.synchronize',
      'pull_request.synchronize',
      'pull_request.edited',
      'pull_request.edited',
      'pull_request.converted_to_draft',
      'pull_request.ready_for_review',
      'issue_comment.created',
      'issue_comment.edited',
      'pull_request.closed',
    ])
    expect(pull.merged).toBe(true)
    expect(repo.file('b.yaml', 'release')).toBe('y\n')
  })
})

test('a push to base is told to subscribers of push, pull requests hear nothing', async () => {
  const events = ['push', 'pull_request']
  await scene(
    async ({ github, repo }) => {
      const heard: string[] = []
      github.deliverTo(({ event }) => Promise.resolve(void heard.push(event)))
      expect(await repo.pushToBase({ 'b.yaml': 'x\n' })).toMatchObject({ event: 'push', status: 200 })
      await github.settled()
      expect(heard).toEqual(['push', 'check_suite'])
    },
    { app: { events } },
  )
})

test('a merge group is asked for on its own commit', async () => {
  await scene(async ({ github, octokit, repo, pull, at }) => {
    const group = await repo.mergeGroup([pull])
    const { payload } = await group.requested()
    expect(payload).toMatchObject({
      action: 'checks_requested',
      merge_group: { head_sha: group.head, base_sha: repo.tip(), base_ref: 'refs/heads/main' },
    })
    const run = { ...at, name: 'ambient-guard', head_sha: group.head, conclusion: 'success' } as const
    await octokit.rest.checks.create(run)
    expect(group.check.conclusion).toBe('success')
    expect((await group.destroyed('merged')).payload).toMatchObject({ reason: 'merged' })
    github.assertClean()
  })
})

test('an app that does not accept the signature does not stay unnoticed', async () => {
  await scene(async ({ github, pull }) => {
    const server = createServer((_request, response) => {
      response.writeHead(400).end('signature does not match event payload and secret')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    github.deliverTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`)
    await pull.opened()
    await github.settled()
    expect(() => {
      github.assertClean()
    }).toThrow(/signature of pull_request was not accepted/)
    server.close()
  })
})
