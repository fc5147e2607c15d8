// The story of `/ambient-explain`: the pull request is judged as it is now, and one finding of it is told in full.
// Anybody may ask, since nothing is written but the answer.
import { policiesOf } from '../core/index.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import type { Client } from '../github/api/client.ts'
import { getPull } from '../github/api/pulls.ts'
import type { Pull } from '../github/api/pulls.ts'
import { conflictAnswer } from '../words/github/answers.ts'
import { explainAnswer, notJudgedAnswer, unknownFindingAnswer } from '../words/github/explanation.ts'
import type { Explained } from '../words/github/explanation.ts'
import type { Bench, Subject } from './bench.ts'
import { fitToHead } from './fix.ts'
import { judge, look } from './look.ts'
import type { Sight } from './look.ts'
import { patiently } from './patience.ts'
import { linkTo, readFiles } from './verdict.ts'

/** What is answered, as Markdown; `found` is false where there is no such finding to explain. */
export interface Explanation {
  readonly found: boolean
  readonly answer: string
}

/** Explains the finding of that fingerprint. */
export async function explainFinding(
  bench: Bench,
  client: Client,
  { number }: Subject,
  fingerprint: string,
): Promise<Explanation> {
  const pull = await patiently(bench.clock, () => getPull(client, number))
  if (!pull.open) return { found: false, answer: notJudgedAnswer() }
  const sight = await patiently(bench.clock, () => look(bench, client, pull))
  if (sight.merged.kind === 'conflict') return { found: false, answer: conflictAnswer(pull.baseRef) }
  const report = await judge(bench, sight, { explain: fingerprint })
  const finding = report.findings.find((one) => one.fingerprint === fingerprint)
  if (finding === undefined)
    return { found: false, answer: unknownFindingAnswer(fingerprint, report.findings) }
  const web = bench.webUrl(client.repository)
  return { found: true, answer: explainAnswer(finding, await gather(web, sight, pull, report, finding)) }
}

async function gather(
  web: string,
  sight: Sight,
  pull: Pull,
  report: Report,
  finding: ReportFinding,
): Promise<Explained> {
  const why = report.explain(finding)
  const places = [
    ...why.flatMap(({ at }) => at ?? []),
    ...policiesOf(finding),
    ...(finding.cause === null ? [] : [finding.cause]),
  ]
  const ground = await readFiles(sight, new Set(places.map(({ path }) => path)))
  const fitted = finding.fix === null ? null : await fitToHead(sight, pull, finding.fix)
  const { baseRef, headSha } = pull
  const { baseSha } = sight
  return {
    baseRef,
    baseSha,
    headSha,
    link: linkTo(web, headSha, baseSha, ground),
    why,
    committed: fitted === null ? null : 'refusal' in fitted ? fitted.refusal : fitted.files,
  }
}
