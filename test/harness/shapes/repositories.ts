// How GitHub prints a repository: one shape that satisfies `repository`, `full-repository` and the minimal one.
import type { World } from '../model/world.ts'
import type { RepositoryRecord } from '../model/records.ts'
import { user } from './people.ts'

type Json = Record<string, unknown>

const TEMPLATES: Record<string, string> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
}

export function fullName(repo: RepositoryRecord): string {
  return `${repo.owner.login}/${repo.name}`
}

/** `<api>/repos/<owner>/<name>`. */
export function repositoryUrl(world: World, repo: RepositoryRecord): string {
  return `${world.api}/repos/${fullName(repo)}`
}

export function htmlUrl(world: World, repo: RepositoryRecord): string {
  return `${world.origin}/${fullName(repo)}`
}

export function repository(world: World, repo: RepositoryRecord): Json {
  const url = repositoryUrl(world, repo)
  const html = htmlUrl(world, repo)
  const open = [...repo.pulls.values()].filter((pull) => pull.state === 'open').length
  const host = new URL(world.origin).host
  return {
    id: repo.id,
    node_id: `R_${String(repo.id)}`,
    name: repo.name,
    full_name: fullName(repo),
    private: repo.private,
    owner: user(world, repo.owner),
    html_url: html,
    description: null,
    fork: repo.parent !== null,
    url,
    ...Object.fromEntries(Object.entries(TEMPLATES).map(([key, path]) => [key, url + path])),
    clone_url: `${html}.git`,
    git_url: `git://${host}/${fullName(repo)}.git`,
    ssh_url: `git@${host}:${fullName(repo)}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    size: 1,
    default_branch: repo.defaultBranch,
    open_issues: open,
    open_issues_count: open,
    has_issues: true,
    has_projects: true,
    has_wiki: true,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: repo.archived,
    disabled: false,
    allow_forking: true,
    is_template: false,
    topics: [],
    visibility: repo.private ? 'private' : 'public',
    web_commit_signoff_required: false,
    created_at: repo.createdAt,
    updated_at: repo.createdAt,
    pushed_at: repo.createdAt,
    ...Object.fromEntries(
      ['forks', 'forks_count', 'stargazers_count', 'watchers', 'watchers_count'].map((key) => [key, 0]),
    ),
    network_count: 0,
    subscribers_count: 0,
  }
}
