// The app about itself, and octokits for its installations.
import { ProbotOctokit } from 'probot'
import type { Probot } from 'probot'
import { LeftToOthers, ask } from './client.ts'
import type { Client, RepositoryName } from './client.ts'

/**
 * A client for one repository. Octokit keeps the installation's token for as long as it is said to last.
 * @param isOurs is the work still ours? Nothing is asked of GitHub once it is not: what was asked throws LeftToOthers.
 */
export async function clientFor(
  probot: Probot,
  appId: number,
  { installation, repository }: Place,
  isOurs: () => boolean,
): Promise<Client> {
  const octokit = await probot.auth(installation)
  // Where the request goes out, since it may have waited for its turn until then.
  octokit.hook.wrap('request', async (request, options) => {
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
  // A token may end early. Octokit would show it until its hour is over, and every check would stand still.
  octokit.hook.wrap('request', async (request, options) => {
    try {
      return await request(options)
    } catch (error) {
      if ((error as { readonly status?: unknown }).status !== 401) throw error
      await forgetToken(octokit)
      return await request(options)
    }
  })
  return { octokit, repository, installation, app: { id: appId }, login: null, hears: true, checked: true }
}

export interface Place {
  readonly installation: number
  readonly repository: RepositoryName
}

interface TokenCache {
  get(key: string): unknown
  set(key: string, value: string): unknown
}

/** Octokit's way to a new token asks api.github.com whatever the base URL is, so the old one is taken from its cache. */
async function forgetToken(octokit: InstanceType<typeof ProbotOctokit>): Promise<void> {
  await octokit.auth({
    type: 'installation',
    factory: ({ cache, installationId }: { cache: TokenCache; installationId: number }) =>
      cache.set(String(installationId), ''),
  })
}

/** `<slug>[bot]`: the author of everything that the app says. */
export async function askBotLogin(probot: Probot): Promise<string> {
  const octokit = await probot.auth()
  const { data } = await ask('tell who this app is', () => octokit.rest.apps.getAuthenticated())
  return `${data?.slug ?? ''}[bot]`
}

/**
 * What GitHub says of the app itself, and never of an installation: the key is of another app, there is no app of that
 * id, or the app has no key. https://github.com/octokit/auth-app.js/issues/375,
 * https://github.com/octokit/rest.js/issues/218, https://github.com/octokit/octokit.rb/issues/1080
 */
const STRANGER =
  /^(A JSON web token could not be decoded|Integration not found|Integration must generate a public key)(?: - https:\S+)?$/

/**
 * An Octokit that tells of every answer: its status, and the calls that are left in this hour; null where it says nothing.
 * Where GitHub does not know the app, the error names the settings, which GitHub cannot.
 */
export function toldOctokit(
  octokit: typeof ProbotOctokit,
  told: (status: number | null, remaining: number | null) => void,
): typeof ProbotOctokit {
  const remaining = (headers: Readonly<Record<string, unknown>> | undefined): number | null => {
    const left = Number(headers?.['x-ratelimit-remaining'] ?? NaN)
    return Number.isFinite(left) ? left : null
  }
  return octokit.plugin(({ hook }) => {
    hook.after('request', ({ status, headers }) => {
      told(status, remaining(headers))
    })
    hook.error('request', (error) => {
      const { response } = error as {
        readonly response?: { readonly status: number; readonly headers: Readonly<Record<string, unknown>> }
      }
      told(response?.status ?? null, remaining(response?.headers))
      error.message = error.message.replace(
        STRANGER,
        '$1: GitHub does not take APP_ID with PRIVATE_KEY (or PRIVATE_KEY_PATH), and both must be those of one app',
      )
      throw error
    })
  })
}

/** Octokit without pauses between writes and without retries. Probot merges options one level deep, so only the function form works. */
export const impatientOctokit: typeof ProbotOctokit = ProbotOctokit.defaults((options: object) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
}))
