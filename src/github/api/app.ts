// The app about itself, and octokits for its installations.
import { ProbotOctokit } from 'probot'
import type { Probot } from 'probot'
import { ask } from './client.ts'
import type { Client, RepositoryName } from './client.ts'

/** A client for one repository. Octokit keeps the installation's token and renews it. */
export async function clientFor(
  probot: Probot,
  installation: number,
  repository: RepositoryName,
): Promise<Client> {
  return { octokit: await probot.auth(installation), repository, installation }
}

/** `<slug>[bot]`: the author of everything that the app says. */
export async function askBotLogin(probot: Probot): Promise<string> {
  const octokit = await probot.auth()
  const { data } = await ask('tell who this app is', () => octokit.rest.apps.getAuthenticated())
  return `${data?.slug ?? ''}[bot]`
}

/** Octokit without pauses between writes and without retries. Probot merges options one level deep, so only the function form works. */
export const impatientOctokit: typeof ProbotOctokit = ProbotOctokit.defaults((options: object) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
}))
