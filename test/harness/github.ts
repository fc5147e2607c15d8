import type { GitHub, GitHubOptions } from './types.ts'

/** Starts a GitHub on a free loopback port, with one app registered; close it when the story ends. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  return Promise.reject(new Error(`not built yet: ${JSON.stringify(options)}`))
}
