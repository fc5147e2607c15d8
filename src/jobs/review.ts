// The story of a check: begin it, look, say what changed, complete it.
import type { Place } from '../core/kubernetes/manifest.ts'
import { policiesOf } from '../core/index.ts'
import type { Report } from '../examine/report.ts'
import {
  completeCheckRun,
  createCheckRun,
  listAnnotations,
  listCheckRuns,
  restartCheckRun,
} from '../github/api/checks.ts'
import type { Annotation, CheckAction, CheckRun, Conclusion, Verdict } from '../github/api/checks.ts'
import { getPull } from '../github/api/pulls.ts'
import type { Pull } from '../github/api/pulls.ts'
import type { Client } from '../github/api/client.ts'
import { publishReview, worthSaying } from '../github/publish.ts'
import type { Published } from '../github/publish.ts'
import { mapLines } from '../github/rebase.ts'
import type { Job } from '../ops/queue.ts'
import { checkSummary, checkText, checkTitle } from '../words/github/summary.ts'
import { escapeUrlPath, plainLine } from '../words/github/escape.ts'
import { conflict, ownFailure, superseded, underWay } from '../words/github/trouble.ts'
import type { Bench, Subject } from './bench.ts'
import { judge, look, readTexts } from './look.ts'
import type { Sight } from './look.ts'
import { publicReason } from './reason.ts'

export const FIX_ACTION: CheckAction = {
  label: 'Fix',
  description: 'Commit the proved fixes',
  identifier: 'ambient-fix',
}
export const RECHECK_ACTION: CheckAction = {
  label: 'Recheck',
  description: 'Judge this head again',
  identifier: 'ambient-recheck',
}

/** Looks at a pull request as it is when the job runs. `again` asks for another look, when the head has moved. */
export function reviewJob(bench: Bench, subject: Subject, again: () => void): Job {
  let run: CheckRun | null = null
  let onError: Conclusion & ('failure' | 'neutral') = 'failure'

  return {
    slot: 'review',
    async run() {
      const client = await bench.client(subject)
      const pull = await getPull(client, subject.number)
      if (!pull.open) return
      run = await begin(client, pull)
      const sight = await look(bench, client, pull)
      onError = sight.config.onError
      const { merged } = sight
      if (merged.kind === 'conflict') {
        const output = conflict(pull.baseRef, sight.baseSha, merged.paths)
        await completeCheckRun(client, run.id, {
          conclusion: 'failure',
          output,
          annotations: [],
          actions: [RECHECK_ACTION],
        })
        return
      }
      const report = await judge(bench, sight, merged.tree)
      const now = await getPull(client, subject.number)
      if (now.headSha !== pull.headSha) {
        const output = superseded(now.headSha)
        await completeCheckRun(client, run.id, {
          conclusion: 'neutral',
          output,
          annotations: [],
          actions: [],
        })
        again()
        return
      }
      const ground = await readGround(sight, report)
      const quiet = now.draft && !sight.config.comments.drafts
      const published: Published = quiet
        ? { unplaced: 0, refused: false }
        : await publishReview(client, now, `${run.appSlug}[bot]`, report, () => Promise.resolve(ground))
      await complete(client, run, verdict(bench, client, now, sight, report, ground, published))
    },
    async failed(error) {
      if (run === null) return
      const client = await bench.client(subject)
      const output = ownFailure(publicReason(error), onError)
      await completeCheckRun(client, run.id, {
        conclusion: onError,
        output,
        annotations: [],
        actions: [RECHECK_ACTION],
      })
    },
  }
}

/** The run of this head and pull request, begun again; a new one where the newest on the head is another's. */
async function begin(client: Client, pull: Pull): Promise<CheckRun> {
  const [newest] = await listCheckRuns(client, pull.headSha)
  const output = underWay(pull.headSha)
  if (newest?.number !== pull.number) return createCheckRun(client, pull.headSha, pull.number, output)
  await restartCheckRun(client, newest.id, output)
  return newest
}

/** GitHub only ever adds annotations to a run: those that are there are not sent again, and a run that holds one no longer true is replaced. */
async function complete(client: Client, run: CheckRun, wanted: Verdict): Promise<void> {
  const key = (annotation: Annotation): string => JSON.stringify(annotation)
  const there = run.annotations === 0 ? [] : (await listAnnotations(client, run.id)).map(key)
  const all = wanted.annotations.map(key)
  if (there.every((one) => all.includes(one))) {
    const annotations = wanted.annotations.filter((one) => !there.includes(key(one)))
    await completeCheckRun(client, run.id, { ...wanted, annotations })
    return
  }
  await completeCheckRun(client, run.id, {
    conclusion: 'neutral',
    output: superseded(run.headSha),
    annotations: [],
    actions: [],
  })
  const fresh = await createCheckRun(client, run.headSha, run.number ?? 0, underWay(run.headSha))
  await completeCheckRun(client, fresh.id, wanted)
}

interface Ground {
  readonly judged: ReadonlyMap<string, string>
  readonly head: ReadonlyMap<string, string>
}

/** The texts of every file that the report points into, as judged and on the head. */
async function readGround({ head, merged }: Sight, { findings, problems, fix }: Report): Promise<Ground> {
  const places = [
    ...findings.flatMap((finding) => [finding.cause ?? [], ...policiesOf(finding)].flat()),
    ...problems,
  ]
  const paths = new Set([...places.map(({ path }) => path), ...(fix?.files.map(({ path }) => path) ?? [])])
  if (paths.size === 0 || merged.kind === 'conflict') return { judged: new Map(), head: new Map() }
  const [judged, now] = await Promise.all([readTexts(merged.tree, paths), readTexts(head, paths)])
  const texts = (files: typeof judged): ReadonlyMap<string, string> =>
    new Map([...files].map(([path, { text }]) => [path, text]))
  return { judged: texts(judged), head: texts(now) }
}

function verdict(
  bench: Bench,
  client: Client,
  pull: Pull,
  { baseSha }: Sight,
  report: Report,
  { judged, head }: Ground,
  { unplaced, refused }: Published,
): Verdict {
  const web = bench.webUrl(client.repository)
  const onHead = ({ path, line }: Place): number | null => {
    const [from, to] = [judged.get(path), head.get(path)]
    return from === undefined || to === undefined ? null : mapLines(from, to)(line)
  }
  const link = (place: Place): string => {
    const line = onHead(place)
    const sha = head.has(place.path) ? pull.headSha : baseSha
    return `${web}/blob/${sha}/${escapeUrlPath(place.path)}${line === null ? '' : `#L${String(line)}`}`
  }
  const compared = {
    baseRef: pull.baseRef,
    baseSha,
    headSha: pull.headSha,
    link,
    unplaced,
    reviewRefused: refused,
  }
  const fixable = worthSaying(report).some(({ fix }) => fix !== null)
  return {
    conclusion: report.conclusion,
    output: { title: checkTitle(report), summary: checkSummary(report, compared), text: checkText(report) },
    annotations: annotationsOf(report, onHead),
    actions: [...(fixable ? [FIX_ACTION] : []), RECHECK_ACTION],
  }
}

const MAX_TITLE = 255

/** One for each finding worth saying, on the line to blame, else on the policy. */
function annotationsOf(report: Report, onHead: (place: Place) => number | null): readonly Annotation[] {
  return worthSaying(report).flatMap((finding): Annotation[] => {
    const { cause, severity, rule, workload, message } = finding
    const places = [...(cause === null ? [] : [cause]), ...policiesOf(finding)]
    const place = places.find((candidate) => onHead(candidate) !== null)
    if (place === undefined) return []
    const title = plainLine(`${rule}: ${workload.id}`).slice(0, MAX_TITLE)
    const level = severity === 'error' ? 'failure' : 'warning'
    return [{ path: place.path, line: onHead(place) ?? 1, level, title, message: plainLine(message) }]
  })
}
