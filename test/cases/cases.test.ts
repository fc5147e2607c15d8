// One loop runs every case. UPDATE_CASES=1 rewrites what is expected; read the difference before you commit it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Step } from '../../src/core/index.ts'
import type { Place } from '../../src/core/kubernetes/origin.ts'
import type { Report, ReportFinding } from '../../src/examine/report.ts'
import type { Workshop } from '../../src/manifests/workshop.ts'
import { testWorkshop } from '../workshop.ts'
import { findCases, fixedFiles, runCase, summarise } from './case.ts'
import type { Expected } from './case.ts'

const ROOT = join(import.meta.dirname, '../../fixtures/cases')
const update = process.env.UPDATE_CASES === '1'

// Together: most of a case that is rendered is waiting for kustomize or helm.
describe.concurrent.each(findCases(ROOT))('%s', (name) => {
  const folder = join(ROOT, name)
  let workshop: Workshop | undefined
  let report: Promise<Report> | undefined
  /** The case with other files, by what is known of it already. */
  const run = (files?: ReadonlyMap<string, string>): Promise<Report> =>
    runCase(folder, files, (workshop ??= testWorkshop()))
  /** The case as it stands: two tests ask about the one report. */
  const asItStands = (): Promise<Report> => (report ??= run())
  afterAll(() => {
    report = undefined
    workshop = undefined
  })

  it('says what the specification says', async () => {
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
    const report = await asItStands()
    expect(
      report.findings.flatMap((finding) => unexplained(finding, report.explain(finding), folder)),
    ).toEqual([])
    const files = new Map((report.fix?.files ?? []).map(({ path, after }) => [path, after]))
    if (update) {
      writeFileSync(
        join(folder, 'expected.json'),
        `${JSON.stringify({ why: expected.why, ...summarise(report) }, null, 2)}\n`,
      )
      rmSync(join(folder, 'fixed'), { recursive: true, force: true })
      for (const [path, text] of files) {
        mkdirSync(dirname(join(folder, 'fixed', path)), { recursive: true })
        writeFileSync(join(folder, 'fixed', path), text)
      }
    }
    const { why, ...said } = expected
    expect(why, 'expected.json says why').toMatch(/\S/)
    if (!update) {
      expect(summarise(report)).toEqual(said)
      expect(files).toEqual(fixedFiles(folder))
    }
  })

  const fixed = fixedFiles(folder)
  if (fixed.size === 0) return
  it('is silent about what the fix mends', async () => {
    const [before, after] = [await asItStands(), await run(fixed)]
    const mended = before.findings.filter(({ fix }) => fix !== null).map(({ fingerprint }) => fingerprint)
    const left = after.findings.filter(
      ({ change, severity }) => change === 'introduced' && severity !== 'note',
    )
    const known = before.findings.map(({ fingerprint }) => fingerprint)
    // Behind what was lost for sure may stand what is lost perhaps.
    const severity = new Map(before.findings.map((finding) => [finding.fingerprint, finding.severity]))
    const same = left.filter((finding) => severity.get(finding.fingerprint) === finding.severity)
    expect(mended).not.toEqual([])
    expect(same.filter(({ fingerprint }) => mended.includes(fingerprint))).toEqual([])
    expect(left.filter(({ fingerprint }) => !known.includes(fingerprint))).toEqual([])
  })
})

/** What is wrong with the explanation of a finding: it has none, or a step leads to no line of a file. */
function unexplained(
  { change, rule, workload }: ReportFinding,
  steps: readonly Step[],
  folder: string,
): readonly string[] {
  const what = `${rule} ${workload.id}`
  if (change === 'resolved') return steps.length === 0 ? [] : [`${what}: it is gone, and explained`]
  const lost = steps.filter(({ at }) => at !== null && !leads(at, folder))
  return [
    ...(steps.length === 0 ? [`${what}: it is not explained`] : []),
    ...lost.map(({ text, at }) => `${what}: ${text} ${at?.path ?? ''}:${String(at?.line)}`),
    ...steps.filter(({ text }) => !/^\S.*\S$/.test(text)).map(({ text }) => `${what}: "${text}"`),
  ]
}

function leads({ path, line }: Place, folder: string): boolean {
  return line >= 1 && ['both', 'head', 'base'].some((side) => line <= linesOf(join(folder, side, path)))
}

const counted = new Map<string, number>()

/** How many lines a file has; 0 where there is none. */
function linesOf(file: string): number {
  const lines = counted.get(file) ?? (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length : 0)
  counted.set(file, lines)
  return lines
}
