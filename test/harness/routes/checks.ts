// Check runs and suites. Only this app writes them, on commits that exist, within GitHub's limits.
import { ApiError, notFound } from '../errors.ts'
import type { Annotation, CheckAction } from '../types.ts'
import { checkRunEvent, checkSuiteEvent } from '../model/events.ts'
import { suiteFor } from '../model/pulls.ts'
import { checked } from '../model/queue.ts'
import type { RepositoryRecord, RunRecord, SuiteRecord } from '../model/records.ts'
import { annotation, checkRun, checkSuite } from '../shapes/checks.ts'
import { page, repositoryOf, text } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'
import { commitNamed } from './repositories.ts'
import { checkLimits } from './check-limits.ts'

const REPO = '/repos/{owner}/{repo}'
export const checkRoutes: readonly Route[] = [
  { method: 'POST', template: `${REPO}/check-runs`, handle: create },
  { method: 'PATCH', template: `${REPO}/check-runs/{check_run_id}`, handle: update },
  { method: 'GET', template: `${REPO}/check-runs/{check_run_id}`, handle: get },
  { method: 'GET', template: `${REPO}/check-runs/{check_run_id}/annotations`, handle: annotations },
  { method: 'POST', template: `${REPO}/check-runs/{check_run_id}/rerequest`, handle: rerequest },
  { method: 'GET', template: `${REPO}/commits/{ref}/check-runs`, handle: listForRef },
  { method: 'GET', template: `${REPO}/commits/{ref}/check-suites`, handle: suitesForRef },
  { method: 'GET', template: `${REPO}/check-suites/{check_suite_id}`, handle: getSuite },
  { method: 'GET', template: `${REPO}/check-suites/{check_suite_id}/check-runs`, handle: listForSuite },
  { method: 'POST', template: `${REPO}/check-suites/{check_suite_id}/rerequest`, handle: rerequestSuite },
]

async function create(call: Call): Promise<Answer> {
  const { world } = call
  const repo = repositoryOf(call, ['checks', 'write'])
  checkLimits(call.body, true)
  const headSha = text(call, 'head_sha') ?? ''
  const found = /^[0-9a-f]{40}$/.test(headSha) ? await repo.git.commitOf(headSha) : null
  if (found === null) throw new ApiError(422, `No commit found for SHA: ${headSha}`)
  const branch = [...repo.pulls.values()].find((pull) => pull.headSha === headSha && pull.headRepo === repo)
  const run: RunRecord = {
    id: world.id(),
    repo,
    suite: suiteFor(world, repo, headSha, branch?.headRef ?? null),
    headSha,
    annotations: [],
    history: [],
    name: '',
    status: 'queued',
    conclusion: null,
    title: null,
    summary: null,
    text: null,
    actions: [],
    externalId: null,
    detailsUrl: null,
    startedAt: world.iso(),
    completedAt: null,
  }
  repo.runs.push(run)
  apply(call, run)
  announce(call, 'created', run)
  if (run.status === 'completed') announce(call, 'completed', run)
  return { status: 201, body: checkRun(world, run) }
}

function update(call: Call): Answer {
  const run = runOf(repositoryOf(call, ['checks', 'write']), call)
  checkLimits(call.body, false)
  const before = run.status
  apply(call, run)
  if (run.status === 'completed' && before !== 'completed') announce(call, 'completed', run)
  return { status: 200, body: checkRun(call.world, run) }
}

/** Annotations add up over updates; everything else is replaced. A conclusion completes the run. */
function apply(call: Call, run: RunRecord): void {
  const { world, body } = call
  const output = body['output'] as {
    title?: string
    summary: string
    text?: string
    annotations?: Annotation[]
  }
  run.name = text(call, 'name') ?? run.name
  run.externalId = text(call, 'external_id') ?? run.externalId
  run.detailsUrl = text(call, 'details_url') ?? run.detailsUrl
  run.startedAt = text(call, 'started_at') ?? run.startedAt
  run.actions = (body['actions'] as CheckAction[] | undefined) ?? run.actions
  const conclusion = text(call, 'conclusion')
  run.status = conclusion === undefined ? (text(call, 'status') ?? run.status) : 'completed'
  if (conclusion !== undefined) run.conclusion = conclusion
  if (run.status !== 'completed') run.conclusion = null
  const done = text(call, 'completed_at') ?? run.completedAt ?? world.iso()
  run.completedAt = run.status === 'completed' ? done : null
  if (body['output'] !== undefined) {
    run.title = output.title ?? run.title
    run.summary = output.summary
    run.text = output.text ?? run.text
    run.annotations.push(...(output.annotations ?? []))
  }
  checked(world, run)
  run.history.push({ status: run.status, conclusion: run.conclusion, title: run.title, at: world.iso() })
}

function get(call: Call): Answer {
  return { status: 200, body: checkRun(call.world, runOf(repositoryOf(call, ['checks', 'read']), call)) }
}

function annotations(call: Call): Answer {
  const run = runOf(repositoryOf(call, ['checks', 'read']), call)
  const { items, headers } = page(call, [...run.annotations.keys()])
  return { status: 200, body: items.map((index) => annotation(call.world, run, index)), headers }
}

/** Tells the app; the run itself is not reset. */
function rerequest(call: Call): Answer {
  announce(call, 'rerequested', runOf(repositoryOf(call, ['checks', 'write']), call))
  return { status: 201, body: {} }
}

async function listForRef(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['checks', 'read'])
  const sha = await commitNamed(repo, call.params['ref'] ?? '')
  const foreign = call.query.has('app_id') && call.query.get('app_id') !== String(call.world.appId)
  return runs(call, foreign ? [] : repo.runs.filter((run) => run.headSha === sha))
}

function listForSuite(call: Call): Answer {
  const suite = suiteOf(repositoryOf(call, ['checks', 'read']), call)
  return runs(
    call,
    suite.repo.runs.filter((run) => run.suite === suite),
  )
}

/** `filter=latest`, the default, is the last of each name. */
function runs(call: Call, all: readonly RunRecord[]): Answer {
  const name = call.query.get('check_name')
  const status = call.query.get('status')
  const latest = call.query.get('filter') !== 'all'
  const newest = new Map(all.map((run) => [run.name, run]))
  const found = all
    .filter((run) => name === null || run.name === name)
    .filter((run) => status === null || run.status === status)
    .filter((run) => !latest || newest.get(run.name) === run)
    .reverse()
  const { items, headers } = page(call, found)
  const check_runs = items.map((run) => checkRun(call.world, run))
  return { status: 200, body: { total_count: found.length, check_runs }, headers }
}

async function suitesForRef(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['checks', 'read'])
  const sha = await commitNamed(repo, call.params['ref'] ?? '')
  const info = await repo.git.info(sha)
  const found = repo.suites.filter((suite) => suite.headSha === sha)
  const check_suites = found.map((suite) => checkSuite(call.world, suite, info))
  return { status: 200, body: { total_count: found.length, check_suites } }
}

async function getSuite(call: Call): Promise<Answer> {
  const suite = suiteOf(repositoryOf(call, ['checks', 'read']), call)
  return { status: 200, body: checkSuite(call.world, suite, await suite.repo.git.info(suite.headSha)) }
}

async function rerequestSuite(call: Call): Promise<Answer> {
  const suite = suiteOf(repositoryOf(call, ['checks', 'write']), call)
  const { event, payload } = await checkSuiteEvent(call.world, 'rerequested', suite, call.world.bot)
  call.world.hooks.later(event, () => payload)
  return { status: 201, body: {} }
}

function runOf(repo: RepositoryRecord, call: Call): RunRecord {
  const run = repo.runs.find((one) => one.id === Number(call.params['check_run_id']))
  if (run === undefined) throw notFound()
  return run
}

function suiteOf(repo: RepositoryRecord, call: Call): SuiteRecord {
  const suite = repo.suites.find((one) => one.id === Number(call.params['check_suite_id']))
  if (suite === undefined) throw notFound()
  return suite
}

function announce(call: Call, action: string, run: RunRecord): void {
  const { event, payload } = checkRunEvent(call.world, action, run, call.world.bot)
  call.world.hooks.later(event, () => payload)
}
