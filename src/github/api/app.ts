// The app about itself, and the octokit that it is given.
import { ProbotOctokit } from 'probot'
import type { Probot } from 'probot'
import { ask } from './client.ts'

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
