// A repository in which everything is called something hostile: whatever is said of it stays words.
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { readConfig } from '../../src/core/config.ts'
import { examine } from '../../src/examine/examine.ts'
import type { Report, ReportFinding } from '../../src/examine/report.ts'
import { overlayTree } from '../../src/git/tree.ts'
import type { Tree } from '../../src/git/tree.ts'
import { markersIn } from '../../src/words/github/comment.ts'
import { fixCommit } from '../../src/words/github/commit.ts'
import { groundOf, withGround } from '../../src/words/github/ground.ts'
import { checkTitle } from '../../src/words/github/summary.ts'
import { reportJson } from '../../src/words/json.ts'
import { reportSarif } from '../../src/words/sarif.ts'
import { reportText } from '../../src/words/text.ts'
import { testWorkshop } from '../workshop.ts'
import { called, hostile, shopOf } from './names.ts'
import type { Called } from './names.ts'
import { BASE, saidOn } from './said.ts'
import { strangersIn } from './strangers.ts'

/** AMBIENT_GUARD_LONG asks for as many hundredths. */
const RUNS = Math.max(30, Number(process.env.AMBIENT_GUARD_LONG ?? 0) / 100)
const EMPTY: Tree = {
  label: 'memory',
  files: () => Promise.resolve([]),
  read: () => Promise.resolve(new Map()),
}

async function reportOf(names: Called): Promise<Report> {
  const files = shopOf(names)
  const waiver = {
    rule: 'isolated',
    workload: names.app,
    reason: names.annotation,
    owner: names.caller,
    expires: '2026-11-24',
  }
  const { config, problems } = readConfig(
    '.github/ambient-guard.yml',
    `${JSON.stringify({ version: 1, waivers: [waiver] })}\n`,
  )
  const head = overlayTree(EMPTY, new Map(Object.entries(files)))
  return examine({
    base: null,
    head,
    trusted: head,
    config,
    configProblems: problems,
    proposed: null,
    enroll: [],
    today: '2026-11-23',
    only: null,
    repositories: [],
    workshop: testWorkshop(),
  })
}

const marks = (findings: readonly ReportFinding[]): readonly string[] =>
  findings.map(({ fingerprint }) => fingerprint)

test('findings are made of names, so that the rest is about something', async () => {
  const plain = {
    namespace: 'shop',
    app: 'a',
    caller: 'b',
    policy: 'p',
    label: 'l',
    port: 'http',
    annotation: 'x',
    folder: 'f',
    file: 'g',
  }
  expect(new Set((await reportOf(plain)).findings.map(({ rule }) => rule)).size).toBeGreaterThan(1)
  const called = { ...plain, app: '</details>', annotation: '@octocat' }
  const { findings } = await reportOf(called)
  expect(findings.some(({ message }) => message.includes('</details>'))).toBe(true)
})

test('names stay names', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(called, async (names) => {
      const report = await reportOf(names)
      const said = saidOn(report, names)
      for (const [where, text] of Object.entries(said))
        expect([where, strangersIn(text)]).toEqual([where, []])

      // Nobody else's hidden line is taken for ours.
      const { findings } = report
      expect(markersIn(said.review ?? '')).toEqual(marks(findings))
      expect(markersIn(said.suggestion ?? '')).toEqual(marks(findings))
      expect(groundOf(said.summary ?? '')).toBeNull()
      const ground = { baseRef: names.folder, baseSha: BASE }
      expect(groundOf(withGround(said.summary ?? '', ground.baseRef, ground.baseSha))).toEqual(ground)

      const title = checkTitle(report)
      const { subject, body } = fixCommit(findings, report.fix?.text ?? names.annotation, {
        login: 'octocat',
        id: 1,
      })
      expect(title + subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      const own = body.replaceAll(
        /^(?:Ambient-Fix: f-[0-9a-f]{10}|Co-authored-by: octocat <1\+octocat@users\.noreply\.github\.com>)$/gm,
        '',
      )
      expect(subject + own).not.toMatch(/@[\p{L}\p{N}]|#\d|\bGH-\d|:\/\/|^[\w-]+: /imu)

      const text = reportText(report, { color: false, explain: true, argv: ['check'] })
      expect(text).not.toMatch(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
      for (const json of [reportJson(report, true), reportSarif(report, '1.0.0')])
        expect(JSON.parse(json)).toBeTypeOf('object')
    }),
    { seed: 1, numRuns: RUNS },
  )
})

describe('the reader of Markdown', () => {
  it.each([
    ['@octocat', /would link/],
    ['fixes #1', /would link/],
    ['<b>x</b>', /HTML/],
    ['[x](https://evil.example)', /a link to/],
    ['```diff\nx', /does not end/],
    ['<details>', /does not end/],
    ['<!-- x -->', /HTML/],
    ['![x](y)', /image/],
    ['```mermaid\ngraph LR\n  n0["x"] --> n1["<y>"]\n```', /Mermaid/],
    ['a\u202eb', /unseen/],
  ])('hears of %j', (text, says) => {
    expect(strangersIn(text).join('\n')).toMatch(says)
  })

  it('says nothing of what stands in code', () => {
    fc.assert(
      fc.property(
        hostile,
        (name) => strangersIn(`\`\`\`\`\`\`\`\`diff\n${name}\n\`\`\`\`\`\`\`\``).length === 0,
      ),
    )
  })
})
