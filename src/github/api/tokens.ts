// Tokens for git: each reads the contents of one repository and does nothing else. Kept in memory until shortly
// before they end. `octokit.auth` would keep them too, but asks api.github.com whatever the base URL is.
import { ask } from './client.ts'
import type { Client } from './client.ts'

export interface GitTokens {
  /** The token for a client's repository. `fresh`: a new one, since GitHub did not take the one at hand. */
  get(client: Client, fresh?: boolean): Promise<string>
}

/** Milliseconds before its end at which a token is used no more: as long as a fetch may take, and more. */
const MARGIN = 5 * 60_000

/** @param now the time */
export function keepGitTokens(now: () => Date): GitTokens {
  const kept = new Map<string, { readonly token: string; readonly until: number }>()
  return {
    async get(client, fresh = false) {
      const { octokit, repository, installation } = client
      const key = `${String(installation)} ${repository.owner}/${repository.name}`.toLowerCase()
      const known = kept.get(key)
      if (!fresh && known !== undefined && now().getTime() < known.until) return known.token
      const { data } = await ask('give a token for git', () =>
        octokit.rest.apps.createInstallationAccessToken({
          installation_id: installation,
          repositories: [repository.name],
          permissions: { contents: 'read' },
        }),
      )
      kept.set(key, { token: data.token, until: Date.parse(data.expires_at) - MARGIN })
      return data.token
    },
  }
}
