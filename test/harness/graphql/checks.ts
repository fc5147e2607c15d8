// Commits, and the check suites and runs on them. Only this app's are known here.
import type { RepositoryRecord, RunRecord, SuiteRecord } from '../model/records.ts'
import { app } from '../shapes/people.ts'
import { htmlUrl } from '../shapes/repositories.ts'
import { allows } from '../server/tokens.ts'
import { PAGE, connection } from './connection.ts'
import { FieldError } from './execute.ts'
import type { Args, Type } from './execute.ts'
import { field } from './fields.ts'
import type { Kind } from './fields.ts'
import type { Viewer } from './viewer.ts'

const STATUS: Kind = { oneOf: ['COMPLETED', 'IN_PROGRESS', 'PENDING', 'QUEUED', 'REQUESTED', 'WAITING'] }
const SUITE_FILTER: Kind = { input: { appId: 'Int', checkName: 'String' } }
const RUN_FILTER: Kind = {
  input: { appId: 'Int', checkName: 'String', checkType: { oneOf: ['ALL', 'LATEST'] }, status: STATUS },
}

interface SuiteFilter {
  readonly appId?: number | null
  readonly checkName?: string | null
}
interface RunFilter extends SuiteFilter {
  readonly checkType?: 'ALL' | 'LATEST' | null
  readonly status?: string | null
}

export function commit(viewer: Viewer, repo: RepositoryRecord, oid: string): Type {
  return {
    __typename: 'Commit',
    id: `C_${oid}`,
    oid,
    abbreviatedOid: oid.slice(0, 7),
    url: `${htmlUrl(viewer.world, repo)}/commit/${oid}`,
    checkSuites: field({ ...PAGE, filterBy: SUITE_FILTER }, (args) => suites(viewer, repo, oid, args)),
  }
}

/** What an app without the permission hears here (as in REST) is a refusal, not an empty list. */
function suites(viewer: Viewer, repo: RepositoryRecord, oid: string, args: Args): Type {
  if (!allows(viewer.token.permissions, 'checks', 'read'))
    throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
  const { appId, checkName } = (args['filterBy'] ?? {}) as SuiteFilter
  const found = repo.suites.filter(
    (one) =>
      one.headSha === oid &&
      (appId ?? viewer.world.appId) === viewer.world.appId &&
      (checkName == null || runsOf(one).some(({ name }) => name === checkName)),
  )
  return connection(
    'CheckSuite',
    found.map((one) => suite(viewer, one)),
    args,
  )
}

function suite(viewer: Viewer, record: SuiteRecord): Type {
  const runs = runsOf(record)
  const completed = runs.length > 0 && runs.every(({ status }) => status === 'completed')
  return {
    __typename: 'CheckSuite',
    id: `CS_${String(record.id)}`,
    databaseId: record.id,
    status: completed ? 'COMPLETED' : runs.length === 0 ? 'QUEUED' : 'IN_PROGRESS',
    conclusion: completed ? (runs.at(-1)?.conclusion?.toUpperCase() ?? null) : null,
    createdAt: record.createdAt,
    app: () => {
      const { id, slug, name } = app(viewer.world)
      return { __typename: 'App', databaseId: id, slug, name }
    },
    commit: () => commit(viewer, record.repo, record.headSha),
    checkRuns: field({ ...PAGE, filterBy: RUN_FILTER }, (args) =>
      connection('CheckRun', filtered(viewer, runs, (args['filterBy'] ?? {}) as RunFilter).map(run), args),
    ),
  }
}

/** LATEST, which is the default, is the last of each name. The schema promises no order: here the oldest is first. */
function filtered(viewer: Viewer, all: readonly RunRecord[], filter: RunFilter): RunRecord[] {
  const latest = new Map(all.map((one) => [one.name, one]))
  const { appId, checkName, checkType, status } = filter
  return all
    .filter(() => (appId ?? viewer.world.appId) === viewer.world.appId)
    .filter((one) => checkType === 'ALL' || latest.get(one.name) === one)
    .filter((one) => checkName == null || one.name === checkName)
    .filter((one) => status == null || one.status.toUpperCase() === status)
}

function run(record: RunRecord): Type {
  return {
    __typename: 'CheckRun',
    id: `CR_${String(record.id)}`,
    databaseId: record.id,
    name: record.name,
    externalId: record.externalId,
    status: record.status.toUpperCase(),
    conclusion: record.conclusion?.toUpperCase() ?? null,
    startedAt: record.startedAt,
    completedAt: record.completedAt,
    title: record.title,
    summary: record.summary,
    text: record.text,
  }
}

function runsOf(record: SuiteRecord): RunRecord[] {
  return record.repo.runs.filter((one) => one.suite === record)
}
