// How GitHub prints pull requests and the files of their three-dot diff.
import type { World } from '../model/world.ts'
import type { PullRecord, RepositoryRecord } from '../model/records.ts'
import type { FileDiff } from '../git/diff.ts'
import { association, user } from './people.ts'
import { htmlUrl, repository, repositoryUrl } from './repositories.ts'

type Json = Record<string, unknown>

export function pullUrl(world: World, pull: PullRecord): string {
  return `${repositoryUrl(world, pull.repo)}/pulls/${String(pull.number)}`
}

export function pullHtmlUrl(world: World, pull: PullRecord): string {
  return `${htmlUrl(world, pull.repo)}/pull/${String(pull.number)}`
}

/** OpenAPI `pull-request-simple`: what lists hold. */
export function pullSimple(world: World, pull: PullRecord): Json {
  const url = pullUrl(world, pull)
  const html = pullHtmlUrl(world, pull)
  const issue = `${repositoryUrl(world, pull.repo)}/issues/${String(pull.number)}`
  const urls = {
    comments: `${issue}/comments`,
    commits: `${url}/commits`,
    review_comment: `${repositoryUrl(world, pull.repo)}/pulls/comments{/number}`,
    review_comments: `${url}/comments`,
    statuses: `${repositoryUrl(world, pull.repo)}/statuses/${pull.headSha}`,
  }
  return {
    url,
    id: pull.id,
    node_id: `PR_${String(pull.id)}`,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issue,
    ...Object.fromEntries(Object.entries(urls).map(([key, value]) => [`${key}_url`, value])),
    number: pull.number,
    state: pull.state,
    locked: pull.locked,
    active_lock_reason: null,
    title: pull.title,
    user: user(world, pull.author),
    body: pull.body,
    labels: [],
    milestone: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: end(world, pull.headRepo, pull.headRef, pull.headSha),
    base: end(world, pull.repo, pull.baseRef, pull.baseSha),
    _links: Object.fromEntries(
      Object.entries({ ...urls, self: url, html, issue }).map(([key, href]) => [key, { href }]),
    ),
    author_association: association(pull.repo, pull.author),
    auto_merge: null,
    draft: pull.draft,
  }
}

/** OpenAPI `pull-request`. */
export function pullFull(world: World, pull: PullRecord): Json {
  const sum = (pick: (file: FileDiff) => number): number =>
    pull.files.reduce((total, file) => total + pick(file), 0)
  return {
    ...pullSimple(world, pull),
    merged: pull.mergedAt !== null,
    mergeable: pull.mergeable,
    rebaseable: pull.mergeable,
    mergeable_state: pull.mergeable === null ? 'unknown' : pull.mergeable ? 'clean' : 'dirty',
    merged_by: pull.mergedAt === null ? null : user(world, world.account('maintainer')),
    comments: pull.conversation.length,
    review_comments: pull.comments.filter((comment) => !comment.deleted).length,
    // The flag of a fork says nothing about what the app may do; same-repository pulls show false.
    maintainer_can_modify: pull.maintainerCanModify,
    commits: pull.commits.length,
    additions: sum((file) => file.additions),
    deletions: sum((file) => file.deletions),
    changed_files: pull.files.length,
  }
}

/** OpenAPI `pull-request-minimal`. */
export function pullMinimal(world: World, pull: PullRecord): Json {
  const tip = (repo: RepositoryRecord, ref: string, sha: string): Json => {
    return { ref, sha, repo: { id: repo.id, url: repositoryUrl(world, repo), name: repo.name } }
  }
  return {
    id: pull.id,
    number: pull.number,
    url: pullUrl(world, pull),
    head: tip(pull.headRepo, pull.headRef, pull.headSha),
    base: tip(pull.repo, pull.baseRef, pull.baseSha),
  }
}

/** OpenAPI `diff-entry`; `sha` is the commit the links point at. */
export function diffEntry(world: World, repo: RepositoryRecord, file: FileDiff, sha: string): Json {
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  return {
    sha: file.blob,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${htmlUrl(world, repo)}/blob/${sha}/${path}`,
    raw_url: `${htmlUrl(world, repo)}/raw/${sha}/${path}`,
    contents_url: `${repositoryUrl(world, repo)}/contents/${path}?ref=${sha}`,
    ...(file.patch === null ? {} : { patch: file.patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  }
}

function end(world: World, repo: RepositoryRecord, ref: string, sha: string): Json {
  return {
    label: `${repo.owner.login}:${ref}`,
    ref,
    sha,
    user: user(world, repo.owner),
    repo: repository(world, repo),
  }
}
