import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ProbotOctokit, createNodeMiddleware, createProbot } from 'probot'
import { expect, test } from 'vitest'
import { scene } from './support.ts'

/** Without this, Probot waits a second between writes and repeats what fails. */
const Octokit = ProbotOctokit.defaults((defaults: object) => ({
  ...defaults,
  throttle: { enabled: false },
  retry: { enabled: false },
}))

test('a real Probot verifies the webhook, gets its token and answers', async () => {
  await scene(async ({ github, pull }) => {
    const probot = createProbot({
      env: {
        APP_ID: String(github.appId),
        PRIVATE_KEY: github.privateKey,
        WEBHOOK_SECRET: github.webhookSecret,
        GHE_HOST: github.host,
        GHE_PROTOCOL: 'http',
      },
      overrides: { Octokit },
    })
    const middleware = await createNodeMiddleware(
      (app) => {
        app.on('pull_request.opened', async (context) => {
          const { octokit, payload } = context
          const run = { ...context.repo(), name: 'ambient-guard', head_sha: payload.pull_request.head.sha }
          await octokit.rest.checks.create({ ...run, conclusion: 'success' })
          await octokit.graphql('query { repository(owner: "acme", name: "platform") { id } }')
        })
      },
      { probot, webhooksPath: '/' },
    )
    const server = createServer((request, response) => void middleware(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    github.deliverTo(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`)
    expect(await pull.opened()).toMatchObject({ status: 200 })
    expect(pull.check).toMatchObject({ status: 'completed', conclusion: 'success' })
    await github.settled()
    expect(github.requests.map(({ method, path, status }) => `${method} ${path} ${String(status)}`)).toEqual([
      expect.stringMatching(/^POST \/app\/installations\/\d+\/access_tokens 201$/),
      'POST /repos/acme/platform/check-runs 201',
      'POST /graphql 200',
    ])
    github.assertClean()
    server.close()
  })
})
