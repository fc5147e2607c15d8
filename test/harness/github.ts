// Starting and stopping the stand-in, and the part of it a story holds in its hand.
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryFace } from './faces/repository.ts'
import { World } from './model/world.ts'
import { routes } from './routes/index.ts'
import { Log, matches } from './server/log.ts'
import { RateLimit } from './server/rate-limit.ts'
import { Router } from './server/routing.ts'
import { listen } from './server/server.ts'
import { Tokens } from './server/tokens.ts'
import type { GitHub, GitHubOptions, TokenOptions } from './types.ts'

const TOKEN_SECONDS = 3600

/** Starts a GitHub on a free loopback port, with one app registered; close it when the story ends. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const folder = await mkdtemp(join(tmpdir(), 'github-'))
  const world = new World(folder, options)
  const tokens = new Tokens(world)
  const log = new Log()
  const limit = new RateLimit(options.rateLimit ?? 5000)
  const server = await listen({ world, tokens, log, limit, router: new Router(routes) })
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  world.origin = `http://${host}`
  return {
    url: world.origin,
    host,
    apiUrl: world.api,
    appId: world.appId,
    privateKey: world.privateKey,
    webhookSecret: world.webhookSecret,
    botLogin: world.bot.login,
    repository: async (input = {}) => repositoryFace(world, await world.addRepository(input)),
    deliverTo: (target) => {
      world.hooks.target = target
    },
    deliveries: world.hooks.deliveries,
    redeliver: (delivery) => world.hooks.redeliver(delivery),
    loses: (loss = {}) => world.hooks.loses(loss),
    suspend: ({ owner, ends = false } = {}) => {
      world.installationOfOwner(owner).suspendedAt = ends ? null : world.iso()
    },
    settled: () => world.hooks.settled(),
    get requests() {
      return log.requests
    },
    get writes() {
      return log.requests.filter((request) => request.write)
    },
    count: (filter = {}) => log.requests.filter((request) => matches(filter, request)).length,
    forgetFaults: () => {
      log.forgetFaults()
    },
    forgetRequests: () => {
      log.requests = []
    },
    fail: (fault) => log.fail(fault),
    before: (filter, hook) => log.interrupt('before', filter, hook),
    after: (filter, hook) => log.interrupt('after', filter, hook),
    token: (input = {}) => issue(world, tokens, input),
    expireTokens: () => {
      tokens.expireAll()
    },
    violations: log.violations,
    unknown: log.unknown,
    assertClean: () => {
      log.assertClean(world.hooks.deliveries)
    },
    close: async () => {
      world.hooks.target = null
      await world.hooks.settled()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function issue(world: World, tokens: Tokens, input: TokenOptions): string {
  const installation = world.installationOfOwner(input.owner)
  const repositories =
    input.repositories === undefined
      ? null
      : world.repositoriesOf(installation).filter((repo) => input.repositories?.includes(repo.name))
  const permissions = input.permissions ?? world.permissions
  return tokens.issue({ installation, permissions, repositories }, input.ttl ?? TOKEN_SECONDS).text
}
