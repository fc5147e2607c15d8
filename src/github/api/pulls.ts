// Reading a pull request: what it is now, where it meets its base, and which files it shows.
import { ask, isRefusal, where } from './client.ts'
import type { Client, RepositoryName } from './client.ts'

export interface Pull {
  readonly number: number
  readonly open: boolean
  readonly draft: boolean
  readonly baseRef: string
  readonly headRef: string
  readonly headSha: string
  /** Null where the fork it came from is gone. */
  readonly headRepository: (RepositoryName & { readonly ownerType: string }) | null
  readonly maintainerCanModify: boolean
  /** How many comments stand on its diff, by whomever. */
  readonly reviewComments: number
}

/** The pull request as it is now. `base.sha` is not here: it may be as old as the pull request. */
export async function getPull(client: Client, number: number): Promise<Pull> {
  const { data } = await ask(`show pull request ${String(number)}`, () =>
    client.octokit.rest.pulls.get({ ...where(client), pull_number: number }),
  )
  // The schema says otherwise, but the repository of a deleted fork is null.
  const head = data.head.repo as typeof data.head.repo | null
  return {
    number: data.number,
    open: data.state === 'open',
    draft: data.draft ?? false,
    baseRef: data.base.ref,
    headRef: data.head.ref,
    headSha: data.head.sha,
    headRepository:
      head === null ? null : { owner: head.owner.login, name: head.name, ownerType: head.owner.type },
    maintainerCanModify: data.maintainer_can_modify,
    reviewComments: data.review_comments,
  }
}

export interface Meeting {
  /** The tip of the base branch. */
  readonly baseTip: string
  /** Null where the two share no history. */
  readonly mergeBase: string | null
}

/** Where a head meets a branch: one call gives the branch's tip as well. */
export async function getMeeting(client: Client, baseRef: string, headSha: string): Promise<Meeting> {
  try {
    const { data } = await ask(`compare ${baseRef} with ${headSha}`, () =>
      client.octokit.rest.repos.compareCommitsWithBasehead({
        ...where(client),
        basehead: `${baseRef}...${headSha}`,
        per_page: 1,
      }),
    )
    return { baseTip: data.base_commit.sha, mergeBase: data.merge_base_commit.sha }
  } catch (error) {
    // A head that GitHub does not show yet is answered with 404 as well. Merged without its history, it would bring
    // back everything that it deletes.
    if (!isRefusal(error, 'not-found') || !/no common ancestor/i.test(error.message)) throw error
    const { data } = await ask(`show the branch ${baseRef}`, () =>
      client.octokit.rest.repos.getBranch({ ...where(client), branch: baseRef }),
    )
    return { baseTip: data.commit.sha, mergeBase: null }
  }
}

export interface ChangedFile {
  readonly path: string
  /** Absent for binary and very large files, and for plain renames: nothing to anchor a comment in. */
  readonly patch: string | null
}

const PAGE = 100
/** GitHub lists no more. */
const MAX_FILES = 3000

/** The files of the three-dot diff that GitHub shows, as far as they are among `wanted`. */
export async function listFiles(
  client: Client,
  number: number,
  wanted: ReadonlySet<string>,
): Promise<readonly ChangedFile[]> {
  const found: ChangedFile[] = []
  for (let page = 1; page <= MAX_FILES / PAGE && found.length < wanted.size; page += 1) {
    const { data } = await ask(`list the files of pull request ${String(number)}`, () =>
      client.octokit.rest.pulls.listFiles({ ...where(client), pull_number: number, per_page: PAGE, page }),
    )
    for (const { filename, patch } of data)
      if (wanted.has(filename)) found.push({ path: filename, patch: patch ?? null })
    if (data.length < PAGE) break
  }
  return found
}

export interface PullCommit {
  readonly sha: string
  /** The login; null where the author has no account. */
  readonly author: string | null
  readonly message: string
  /** When it was made: ISO 8601; empty where that is not known. */
  readonly at: string
}

/** The commits of a pull request since its branch left the base, the oldest first; GitHub tells 250 of them. */
export async function listCommits(client: Client, number: number): Promise<readonly PullCommit[]> {
  const data = await ask(`list the commits of pull request ${String(number)}`, () =>
    client.octokit.paginate(client.octokit.rest.pulls.listCommits, {
      ...where(client),
      pull_number: number,
      per_page: PAGE,
    }),
  )
  return data.map(({ sha, author, commit }) => ({
    sha,
    author: author?.login ?? null,
    message: commit.message,
    at: commit.committer?.date ?? '',
  }))
}

/** Numbers of the open pull requests with this head. GitHub does not tell those that come from forks. */
export async function listPullsOf(client: Client, sha: string): Promise<readonly number[]> {
  const { data } = await ask(`list the pull requests of ${sha}`, () =>
    client.octokit.rest.repos.listPullRequestsAssociatedWithCommit({
      ...where(client),
      commit_sha: sha,
      per_page: PAGE,
    }),
  )
  return data.filter(({ state, head }) => state === 'open' && head.sha === sha).map(({ number }) => number)
}
