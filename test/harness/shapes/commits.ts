// How GitHub prints commits: the page of a commit, and the bare git object.
import type { World } from '../model/world.ts'
import type { RepositoryRecord } from '../model/records.ts'
import type { CommitInfo, Person } from '../git/bare-repository.ts'
import { user } from './people.ts'
import { htmlUrl, repositoryUrl } from './repositories.ts'

type Json = Record<string, unknown>

/** OpenAPI `commit`, without files. */
export function commit(world: World, repo: RepositoryRecord, info: CommitInfo): Json {
  const url = repositoryUrl(world, repo)
  const html = `${htmlUrl(world, repo)}/commit/${info.sha}`
  return {
    sha: info.sha,
    node_id: `C_${info.sha}`,
    url: `${url}/commits/${info.sha}`,
    html_url: html,
    comments_url: `${url}/commits/${info.sha}/comments`,
    commit: {
      url: `${url}/git/commits/${info.sha}`,
      author: person(world, info.author),
      committer: person(world, info.committer),
      message: info.message,
      tree: { sha: info.tree, url: `${url}/git/trees/${info.tree}` },
      comment_count: 0,
      verification: verification(info),
    },
    author: account(world, info.author),
    committer: account(world, info.committer),
    parents: info.parents.map((sha) => parent(world, repo, sha, 'commits')),
  }
}

/** OpenAPI `git-commit`. */
export function gitCommit(world: World, repo: RepositoryRecord, info: CommitInfo): Json {
  const url = repositoryUrl(world, repo)
  return {
    sha: info.sha,
    node_id: `C_${info.sha}`,
    url: `${url}/git/commits/${info.sha}`,
    html_url: `${htmlUrl(world, repo)}/commit/${info.sha}`,
    author: person(world, info.author),
    committer: person(world, info.committer),
    tree: { sha: info.tree, url: `${url}/git/trees/${info.tree}` },
    message: info.message,
    parents: info.parents.map((sha) => parent(world, repo, sha, 'git/commits')),
    verification: verification(info),
  }
}

function parent(world: World, repo: RepositoryRecord, sha: string, room: string): Json {
  return {
    sha,
    url: `${repositoryUrl(world, repo)}/${room}/${sha}`,
    html_url: `${htmlUrl(world, repo)}/commit/${sha}`,
  }
}

function person(world: World, { name, email, date }: Person): Json {
  return { name, email, date: world.iso(date) }
}

/** Commits made through GraphQL, or by an app that names no author, are signed by GitHub. */
function verification(info: CommitInfo): Json {
  const verified = info.committer.email === 'noreply@github.com'
  return {
    verified,
    reason: verified ? 'valid' : 'unsigned',
    signature: verified ? '-----BEGIN PGP SIGNATURE-----' : null,
    payload: verified ? `tree ${info.tree}` : null,
    verified_at: verified ? info.committer.date.toISOString().replace(/\.\d+Z$/, 'Z') : null,
  }
}

function account(world: World, { name }: Person): Json | null {
  const known = world.knownAccount(name)
  return known === undefined ? null : user(world, known)
}
