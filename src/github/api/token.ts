// A client with nothing but a token: that of a workflow, of an installation, or of a person. Only apps may write check
// runs, and not every token of theirs; where GitHub refuses one, a run that exists nowhere takes its place, so that
// the story of a review is the same for everybody.
import { retry } from '@octokit/plugin-retry'
import { Octokit as RestOctokit } from '@octokit/rest'
import { ask, refusalOf } from './client.ts'
import type { Client, RepositoryName } from './client.ts'
import { wholeAnswers } from './whole-answers.ts'

export interface TokenClient extends Client {
  /** Why there is no check run, as GitHub says it; null where there is one. */
  readonly refusal: string | null
}

export interface TokenAccess {
  readonly token: string
  /** Of the REST API. */
  readonly apiUrl: string
}

/** A client that knows who it is. @throws ApiError where GitHub does not take the token */
export async function tokenClient(
  { token, apiUrl }: TokenAccess,
  repository: RepositoryName,
): Promise<TokenClient> {
  const Octokit = RestOctokit.plugin(retry)
  const octokit = new Octokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'ambient-guard',
    log: SILENT,
    request: { fetch: wholeAnswers() },
  })
  // GET /user is not for the tokens of apps; GraphQL answers everybody, and to an app with `<slug>[bot]`.
  const { viewer } = await ask('tell whose token this is', () =>
    octokit.graphql<{ viewer: { login: string } }>('query { viewer { login } }'),
  )
  const [, slug] = /^(.*)\[bot\]$/.exec(viewer.login) ?? []
  let refusal =
    slug === undefined ? 'only apps may write check runs, and this is the token of a person' : null
  octokit.hook.wrap('request', async (request, options) => {
    if (!CHECK_RUNS.test(options.url)) return request(options)
    if (refusal === null) {
      try {
        return await request(options)
      } catch (error) {
        if (refusalOf(error) !== 'forbidden') throw error
        refusal = (error as Error).message.replace(/\s*-\s*https:\/\/\S+$/, '')
      }
    }
    return { status: 200, url: options.url, headers: {}, data: nowhere(options) }
  })
  return {
    octokit,
    repository,
    installation: 0,
    app: slug === undefined ? null : { slug },
    login: viewer.login,
    hears: false,
    get checked() {
      return refusal === null
    },
    get refusal() {
      return refusal
    },
  }
}

const CHECK_RUNS = /^\/repos\/\{owner\}\/\{repo\}\/(?:check-runs|commits\/\{ref\}\/check-runs)/

/** What answers for a list of runs, and for a run that is made or changed. */
function nowhere(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (options['method'] === 'GET') return { total_count: 0, check_runs: [] }
  return {
    id: 0,
    head_sha: options['head_sha'] ?? '',
    external_id: options['external_id'] ?? null,
    status: 'in_progress',
    conclusion: null,
    output: { title: null, summary: null, text: null, annotations_count: 0 },
    app: null,
  }
}

/** Octokit would write warnings to the console, and they hold requests. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
