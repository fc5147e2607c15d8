// How GitHub prints check runs and suites. `pull_requests` never holds one that comes from a fork.
import type { World } from '../model/world.ts'
import type { PullRecord, RunRecord, SuiteRecord } from '../model/records.ts'
import type { CommitInfo } from '../git/bare-repository.ts'
import { app } from './people.ts'
import { pullMinimal } from './pulls.ts'
import { htmlUrl, repository, repositoryUrl } from './repositories.ts'

type Json = Record<string, unknown>

export function checkRun(world: World, run: RunRecord): Json {
  const url = `${repositoryUrl(world, run.repo)}/check-runs/${String(run.id)}`
  const html = `${htmlUrl(world, run.repo)}/runs/${String(run.id)}`
  return {
    id: run.id,
    node_id: `CR_${String(run.id)}`,
    name: run.name,
    head_sha: run.headSha,
    external_id: run.externalId ?? '',
    url,
    html_url: html,
    details_url: run.detailsUrl ?? html,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suite.id },
    app: app(world),
    pull_requests: pullsOf(run.suite).map((pull) => pullMinimal(world, pull)),
  }
}

/** `commit` is the head commit, which routes have to read from git. */
export function checkSuite(world: World, suite: SuiteRecord, commit: CommitInfo): Json {
  const runs = suite.repo.runs.filter((run) => run.suite === suite)
  const done = runs.every((run) => run.status === 'completed')
  const url = `${repositoryUrl(world, suite.repo)}/check-suites/${String(suite.id)}`
  const person = ({ name, email }: { name: string; email: string }): Json => ({ name, email })
  return {
    id: suite.id,
    node_id: `CS_${String(suite.id)}`,
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: runs.length === 0 ? 'queued' : done ? 'completed' : 'in_progress',
    conclusion: runs.length > 0 && done ? (runs.at(-1)?.conclusion ?? null) : null,
    url,
    before: commit.parents[0] ?? null,
    after: suite.headSha,
    pull_requests: pullsOf(suite).map((pull) => pullMinimal(world, pull)),
    app: app(world),
    repository: repository(world, suite.repo),
    created_at: suite.createdAt,
    updated_at: suite.createdAt,
    head_commit: {
      id: commit.sha,
      tree_id: commit.tree,
      message: commit.message,
      timestamp: world.iso(commit.committer.date),
      author: person(commit.author),
      committer: person(commit.committer),
    },
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
  }
}

/** OpenAPI `check-annotation`. */
export function annotation(world: World, run: RunRecord, index: number): Json {
  const one = run.annotations[index]
  if (one === undefined) throw new Error(`check run ${String(run.id)} has no annotation ${String(index)}`)
  return {
    path: one.path,
    start_line: one.start_line,
    end_line: one.end_line,
    start_column: one.start_column ?? null,
    end_column: one.end_column ?? null,
    annotation_level: one.annotation_level,
    title: one.title ?? null,
    message: one.message,
    raw_details: one.raw_details ?? null,
    blob_href: `${htmlUrl(world, run.repo)}/blob/${run.headSha}/${one.path}`,
  }
}

function pullsOf(suite: SuiteRecord): PullRecord[] {
  return [...suite.repo.pulls.values()].filter(
    (pull) => pull.state === 'open' && pull.headSha === suite.headSha && pull.headRepo === suite.repo,
  )
}
