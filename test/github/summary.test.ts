// The summary of the check: explanations fill the room that everything else leaves, and never push anything out.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Report } from '../../src/examine/report.ts'
import { checkSummary } from '../../src/words/github/summary.ts'
import { runCase } from '../cases/case.ts'

const COMPARED = {
  baseRef: 'main',
  baseSha: 'a'.repeat(40),
  headSha: 'b'.repeat(40),
  link: () => null,
  unplaced: 0,
  reviewRefused: false,
  hears: true,
}

it.each([1, 60, 90, 2000])(
  'of %i findings, every one is said that is said without explanations',
  async (many) => {
    const report = await times(many)
    const explained = checkSummary(report, COMPARED)
    const plain = checkSummary({ ...report, explain: () => [] }, COMPARED)
    expect(explained.length).toBeLessThanOrEqual(65_535)
    expect(said(explained)).toEqual(said(plain))
    expect(explained.includes('left out')).toBe(plain.includes('left out'))
    expect(plain).not.toContain('<summary>Why</summary>')
    const whys = explained.split('<summary>Why</summary>').length - 1
    if (many === 1) expect(whys).toBe(1)
    if (many === 60 || many === 90) expect(whys).toBeGreaterThan(10)
    if (many === 2000) expect(whys).toBe(0)
  },
)

function said(summary: string): readonly string[] {
  return summary.split('\n').filter((line) => /^ *- (\*\*|error|warning)/.test(line))
}

/** The report of a case, its finding repeated for as many workloads. */
async function times(many: number): Promise<Report> {
  const report = await runCase(join(import.meta.dirname, '../../fixtures/cases/enrollment/what-if'))
  const findings = report.findings.flatMap((finding) =>
    Array.from({ length: many }, (_, index) => ({
      ...finding,
      workload: { ...finding.workload, id: `${finding.workload.id}-${String(index)}` },
    })),
  )
  const explain: Report['explain'] = () => report.explain(report.findings[0] as (typeof findings)[number])
  return { ...report, findings, explain }
}
