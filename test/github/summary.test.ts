// The summary of the check: explanations fill the room that everything else leaves, and never push anything out.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
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
      // Each has a policy of its own: those of one policy are one item.
      culprits: finding.culprits.map(({ policy, rule }) => ({
        policy: { ...policy, id: `${policy.id}-${String(index)}`, name: `${policy.name}-${String(index)}` },
        rule,
      })),
    })),
  )
  const explain: Report['explain'] = () => report.explain(report.findings[0] as (typeof findings)[number])
  return { ...report, findings, explain }
}

describe('many workloads that one policy cuts off', () => {
  it.each([3, 40, 3000])('%i are one item, with the names behind a fold', async (many) => {
    const summary = checkSummary(await behindOne(many), COMPARED)
    expect(summary.length).toBeLessThanOrEqual(65_535)
    const heads = summary.split('\n').filter((line) => line.startsWith('- **'))
    expect(heads).toEqual([
      expect.stringMatching(
        new RegExp(
          `^- \\*\\*NetworkPolicy \`\\S+\`\\*\\* \\(\`\\S+:\\d+\`\\): \\*\\*${String(many)} workloads\\*\\* lose mesh traffic from `,
        ),
      ),
    ])
    expect(summary.split('those connections time out').length - 1).toBe(1)
    expect(summary.split('<summary>Why, with <code>').length - 1).toBe(1)
    const names = [...summary.matchAll(/^ {4}- `\S+-(\d+)` `f-\w{10}`$/gm)].map(([, number]) =>
      Number(number),
    )
    expect(names).toEqual(Array.from({ length: names.length }, (_, index) => index))
    if (many === 3000) expect(summary).toContain(`- ${String(many - names.length)} more: `)
    else expect(names).toHaveLength(many)
  })

  it('say why they are enrolled once, and two of them as before', async () => {
    const sentence = /^- Workloads of `\S+` are enrolled in Ambient: /gm
    expect(checkSummary(await behindOne(3), COMPARED).match(sentence)).toHaveLength(1)
    const two = checkSummary(await behindOne(2), COMPARED)
    expect(two.match(sentence)).toHaveLength(1)
    expect(two.match(/^- \*\*`\S+`\*\* loses mesh traffic/gm)).toHaveLength(2)
    const one = checkSummary(await behindOne(1), COMPARED)
    expect(one.match(sentence)).toBeNull()
    expect(one).toMatch(/`: \S+ is enrolled in Ambient \(/)
  })

  it('lose each other where each loses all, and one loses itself', async () => {
    const report = await behindOne(3)
    const ids = report.findings.map(({ workload }) => workload.id)
    const among = (some: typeof report.findings): string =>
      checkSummary(
        { ...report, findings: some.map((finding) => ({ ...finding, peers: [...ids, 'any'] })) },
        COMPARED,
      )
    expect(among(report.findings)).toContain(
      '**3 workloads** lose mesh traffic from anywhere and each other on',
    )
    expect(among(report.findings.slice(0, 1))).toContain('loses mesh traffic from itself, ')
  })
})

describe('one workload in clusters of one base', () => {
  it('is told once, with the clusters that are named and all of them behind the fold', async () => {
    const report = await behindOne(1)
    const [finding] = report.findings as [Report['findings'][number]]
    const findings = ['a', 'b', 'c', 'd', 'e'].map((cluster) => ({ ...finding, cluster, among: cluster }))
    const summary = checkSummary({ ...report, findings }, COMPARED)
    expect(summary).toContain(
      `**\`${finding.workload.id}\`** in \`a\`, \`b\`, \`c\` and 2 more loses mesh traffic from `,
    )
    expect(summary.split('those connections time out').length - 1).toBe(1)
    expect(summary).toContain('<summary>1 workload in 5 clusters</summary>')
    expect(summary.match(/^ {4}- `\S+ in [a-e]` `f-\w{10}`$/gm)).toHaveLength(5)
    // Two take two lines: there is nothing to fold yet.
    expect(
      checkSummary({ ...report, findings: findings.slice(0, 2) }, COMPARED).match(/loses mesh/g),
    ).toHaveLength(2)
  })
})

/** The report of a case, its finding repeated for as many workloads behind the policy that is to blame for it. */
async function behindOne(many: number): Promise<Report> {
  const report = await runCase(
    join(import.meta.dirname, '../../fixtures/cases/hbone-ingress/docs-policy-added'),
  )
  const [finding] = report.findings
  if (finding === undefined) throw new Error('the case has no finding')
  const { id } = finding.workload
  const findings = Array.from({ length: many }, (_, index) => ({
    ...finding,
    workload: { ...finding.workload, id: `${id}-${String(index)}` },
    message: finding.message.replace(id, `${id}-${String(index)}`),
  }))
  return { ...report, findings, explain: () => report.explain(finding) }
}
