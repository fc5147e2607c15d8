// Clients of the app, each for one repository: whatever it asks, it shows a token that opens no other one. Sweeps go
// through all repositories of an installation, and are spared a token for each.
import { setTimeout as sleep } from 'node:timers/promises'
import { createAppAuth } from '@octokit/auth-app'
import type { InstallationAccessTokenAuthentication, InstallationAuthOptions } from '@octokit/auth-app'
import type { Probot, ProbotOctokit } from 'probot'
import { LeftToOthers } from './client.ts'
import type { Client, RepositoryName } from './client.ts'

export interface Place {
  readonly installation: number
  readonly repository: RepositoryName
}

export interface AppKey {
  readonly appId: number
  /** In PEM. */
  readonly privateKey: string
}

/**
 * The client of a place. `isOurs`: is the work still ours? Nothing is asked of GitHub once it is not: what was asked
 * throws LeftToOthers.
 */
export type Clients = (place: Place, isOurs: () => boolean, reach?: Reach) => Promise<Client>

/** What the token of a client opens; its repository by default. */
export type Reach = 'repository' | 'installation'

type Tokens = ReturnType<typeof createAppAuth>
type AppOctokit = InstanceType<typeof ProbotOctokit>

/**
 * Tokens are kept for as long as they are said to last.
 * @param probot makes octokits that share what Probot does about GitHub's limits
 */
export async function createClients(probot: Probot, { appId, privateKey }: AppKey): Promise<Clients> {
  const { request }: AppOctokit = await probot.auth()
  // Without a `request` it would ask api.github.com, whatever the base URL is.
  const tokens = createAppAuth({ appId, privateKey, request })
  return async ({ installation, repository }, isOurs, reach = 'repository') => {
    const narrow = reach === 'repository' ? { repositoryNames: [repository.name] } : {}
    const wanted = { type: 'installation', installationId: installation, ...narrow } as const
    const octokit = await shownBy(await probot.auth(installation), wanted, tokens)
    askWhileOurs(octokit, isOurs)
    return { octokit, repository, installation, app: { id: appId }, login: null, hears: true, checked: true }
  }
}

/** An octokit like another one of that installation, which shows the token that is wanted. */
async function shownBy(
  like: AppOctokit,
  wanted: InstallationAuthOptions,
  tokens: Tokens,
): Promise<AppOctokit> {
  return (await like.auth({
    type: 'installation',
    factory: ({ octokitOptions }: { readonly octokitOptions: object }) =>
      new (like.constructor as typeof ProbotOctokit)({
        ...octokitOptions,
        authStrategy: () => authOf(wanted, tokens),
      }),
  })) as AppOctokit
}

/**
 * How octokit shows who asks. Its own way knows tokens of an installation as a whole only; what it does about GitHub's
 * copies, which hear late of a token that is new, is done here as well.
 */
function authOf(wanted: InstallationAuthOptions, tokens: Tokens): unknown {
  const give = async (refresh: boolean): Promise<InstallationAccessTokenAuthentication> => {
    try {
      return await tokens({ ...wanted, refresh })
    } catch (error) {
      // A repository that is gone, or that the installation no longer has, is what GitHub calls not found elsewhere.
      throw (error as { status?: unknown }).status === 422
        ? Object.assign(error as Error, { status: 404 })
        : error
    }
  }
  const hook: Tokens['hook'] = async (request, route, parameters) => {
    const endpoint = request.endpoint.merge(route as string, parameters)
    // What is asked as the app: tokens themselves.
    const { url = '' } = endpoint
    if (url.startsWith('/app/')) return tokens.hook(request, route, parameters)
    let refresh = false
    for (let tries = 1; ; tries += 1) {
      const { token, createdAt } = await give(refresh)
      endpoint.headers.authorization = `token ${token}`
      try {
        return await request({ ...endpoint, url })
      } catch (error) {
        const { status } = error as { readonly status?: unknown }
        // The repository may be another one that has its name by now: a token is of the one that had it.
        const isOld = status === 404 && tries === 1 && Date.now() - Date.parse(createdAt) > OLD
        if ((status !== 401 && !isOld) || tries === MOST_TRIES) throw error
        // A token may end before its hour is over, and every check would stand still until then. A new one is waited for.
        refresh = tries === 1
        if (!refresh) await sleep((tries - 1) * 1000)
      }
    }
  }
  return Object.assign(() => Promise.resolve({ type: 'token' }), { hook })
}

/** With a second and two between the last: @octokit/auth-app says that five may pass. */
const MOST_TRIES = 4
/** Milliseconds after which a token is no longer of the repository that has the name for sure. */
const OLD = 60_000

function askWhileOurs(octokit: AppOctokit, isOurs: () => boolean): void {
  // Where the request goes out, since it may have waited for its turn until then.
  octokit.hook.wrap('request', async (request, options) => {
    if (!isOurs()) throw new LeftToOthers()
    const send: typeof fetch =
      (options.request as { readonly fetch?: typeof fetch } | undefined)?.fetch ?? fetch
    let isLeft = false
    const sendOurs: typeof fetch = (...asked) => {
      isLeft = !isOurs()
      return isLeft ? Promise.reject(new LeftToOthers()) : send(...asked)
    }
    // Every hook is given these same options, whatever a hook hands on.
    options.request = { ...options.request, fetch: sendOurs }
    try {
      return await request(options)
    } catch (error) {
      throw isLeft ? new LeftToOthers() : error
    }
  })
}
