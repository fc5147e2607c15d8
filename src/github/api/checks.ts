// Check runs: one of our name on each head, told apart by the number of its pull request in external_id.
import { ONCE, ask, isRefusal, where } from './client.ts'
import type { Client } from './client.ts'

export const CHECK_NAME = 'ambient-guard'

export interface CheckRun {
  readonly id: number
  readonly headSha: string
  /** From external_id; null where it holds no number. */
  readonly number: number | null
  readonly completed: boolean
  readonly conclusion: string | null
  readonly output: CheckOutput
  readonly annotations: number
  /** Of the app that made it: its bot is `<slug>[bot]`. */
  readonly appSlug: string
}

export type Conclusion = 'success' | 'neutral' | 'failure'

export interface Annotation {
  readonly path: string
  readonly line: number
  readonly level: 'notice' | 'warning' | 'failure'
  readonly title: string
  readonly message: string
}

export interface CheckAction {
  readonly label: string
  readonly description: string
  readonly identifier: string
}

export interface CheckOutput {
  readonly title: string
  readonly summary: string
  readonly text: string | null
}

/** Our runs on a commit, newest first. Whoever may write can have Actions make runs of any name, which are not ours. */
export async function listCheckRuns(client: Client, sha: string): Promise<readonly CheckRun[]> {
  const { data } = await ask(`list the check runs of ${sha}`, () =>
    client.octokit.rest.checks.listForRef({
      ...where(client),
      ref: sha,
      check_name: CHECK_NAME,
      ...(client.app !== null && 'id' in client.app ? { app_id: client.app.id } : {}),
      filter: 'all',
      per_page: 100,
    }),
  )
  return data.check_runs
    .filter((run) => isOurs(client, run))
    .map(asCheckRun)
    .sort((a, b) => b.id - a.id)
}

/** The jobs of a workflow are runs of the same app as what they write: their external_id is an id of their own. */
function isOurs(
  { app: own }: Client,
  { app, external_id }: { app: { id: number; slug?: string } | null; external_id: string | null },
): boolean {
  if (own === null || app === null) return false
  if ('id' in own) return app.id === own.id
  return app.slug === own.slug && ((external_id ?? '') === '' || pullNumber(external_id) !== null)
}

/** Adds a run that is under way; `number` is null where it is about no single pull request. */
export async function createCheckRun(
  client: Client,
  sha: string,
  number: number | null,
  output: CheckOutput,
): Promise<CheckRun> {
  const { data } = await ask(`create a check run on ${sha}`, () =>
    client.octokit.rest.checks.create({
      ...where(client),
      ...ONCE,
      name: CHECK_NAME,
      head_sha: sha,
      ...(number === null ? {} : { external_id: String(number) }),
      status: 'in_progress',
      output: asOutput(output),
    }),
  )
  return asCheckRun(data)
}

/** Takes a run up again. */
export async function restartCheckRun(client: Client, id: number, output: CheckOutput): Promise<void> {
  await ask(`restart check run ${String(id)}`, () =>
    client.octokit.rest.checks.update({
      ...where(client),
      check_run_id: id,
      status: 'in_progress',
      output: asOutput(output),
      actions: [],
    }),
  )
}

export interface Verdict {
  readonly conclusion: Conclusion
  readonly output: CheckOutput
  readonly annotations: readonly Annotation[]
  readonly actions: readonly CheckAction[]
}

/** GitHub takes this many in one request, and appends them. */
export const MAX_ANNOTATIONS = 50

/** Adds a run that is completed from the beginning. @param verdict with at most `MAX_ANNOTATIONS` annotations */
export async function createCompletedRun(
  client: Client,
  sha: string,
  number: number,
  verdict: Verdict,
): Promise<void> {
  const { output, annotations } = verdict
  await ask(`create a check run on ${sha}`, () =>
    client.octokit.rest.checks.create({
      ...where(client),
      ...ONCE,
      name: CHECK_NAME,
      head_sha: sha,
      external_id: String(number),
      ...asCompleted(client, verdict),
      output: { ...asOutput(output), annotations: annotations.map(asAnnotation) },
    }),
  )
}

/**
 * Completes a run; annotations beyond the first fifty follow in requests of their own. Sent twice they would be shown
 * twice, so where no answer comes they are not sent again: the summary says the same, and the conclusion stands.
 */
export async function completeCheckRun(client: Client, id: number, verdict: Verdict): Promise<void> {
  const output = asOutput(verdict.output)
  const rest = [...verdict.annotations]
  const first = rest.splice(0, MAX_ANNOTATIONS)
  const completed = {
    ...where(client),
    check_run_id: id,
    ...asCompleted(client, verdict),
    output,
  }
  const annotated = { ...completed, ...ONCE, output: { ...output, annotations: first.map(asAnnotation) } }
  try {
    await ask(`complete check run ${String(id)}`, () => client.octokit.rest.checks.update(annotated))
    while (rest.length > 0) {
      const next = rest.splice(0, MAX_ANNOTATIONS)
      await ask(`annotate check run ${String(id)}`, () =>
        client.octokit.rest.checks.update({
          ...where(client),
          ...ONCE,
          check_run_id: id,
          output: { ...output, annotations: next.map(asAnnotation) },
        }),
      )
    }
  } catch (error) {
    if (!isRefusal(error, 'unavailable')) throw error
    await ask(`complete check run ${String(id)}`, () => client.octokit.rest.checks.update(completed))
  }
}

/** What a run is annotated with, in the form it was sent. */
export async function listAnnotations(client: Client, id: number): Promise<readonly Annotation[]> {
  const data = await ask(`list the annotations of check run ${String(id)}`, () =>
    client.octokit.paginate(client.octokit.rest.checks.listAnnotations, {
      ...where(client),
      check_run_id: id,
      per_page: 100,
    }),
  )
  return data.map(({ path, start_line, annotation_level, title, message }) => ({
    path,
    line: start_line,
    level: annotation_level === 'failure' || annotation_level === 'warning' ? annotation_level : 'notice',
    title: title ?? '',
    message: message ?? '',
  }))
}

interface RawCheckRun {
  readonly id: number
  readonly head_sha: string
  readonly external_id: string | null
  readonly status: string
  readonly conclusion: string | null
  readonly output: {
    readonly title: string | null
    readonly summary: string | null
    readonly text: string | null
    readonly annotations_count: number
  }
  readonly app: { readonly slug?: string } | null
}

function asCheckRun(raw: RawCheckRun): CheckRun {
  const { title, summary, text } = raw.output
  return {
    id: raw.id,
    headSha: raw.head_sha,
    number: pullNumber(raw.external_id),
    completed: raw.status === 'completed',
    conclusion: raw.conclusion,
    output: { title: title ?? '', summary: summary ?? '', text },
    annotations: raw.output.annotations_count,
    appSlug: raw.app?.slug ?? '',
  }
}

/** The number of a pull request in the external_id of one of our runs. */
export function pullNumber(externalId: string | null | undefined): number | null {
  return /^[1-9]\d{0,9}$/.test(externalId ?? '') ? Number(externalId) : null
}

function asCompleted(
  { hears }: Client,
  { conclusion, actions }: Verdict,
): { status: 'completed'; conclusion: Conclusion; actions: CheckAction[] } {
  return { status: 'completed', conclusion, actions: hears ? [...actions] : [] }
}

function asOutput({ title, summary, text }: CheckOutput): { title: string; summary: string; text: string } {
  return { title, summary, text: text ?? '' }
}

function asAnnotation({ path, line, level, title, message }: Annotation): {
  path: string
  start_line: number
  end_line: number
  annotation_level: Annotation['level']
  title: string
  message: string
} {
  return { path, start_line: line, end_line: line, annotation_level: level, title, message }
}
