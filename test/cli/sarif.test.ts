// SARIF against the schema that OASIS publishes, over the cases of all rules; and what the schema does not say:
// that fixes are exact, that every result can be shown, and that the rules are those of the README.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import published from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' }
import { describe, expect, it } from 'vitest'
import { reportSarif } from '../../src/words/sarif.ts'
import type { Report, ReportFinding } from '../../src/examine/report.ts'
import { findCases, runCase } from '../cases/case.ts'
import type { Expected } from '../cases/case.ts'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const CASES = join(ROOT, 'fixtures/cases')
const TOOL = '1.2.3'

interface Region {
  readonly startLine: number
  readonly startColumn: number
  readonly endLine: number
  readonly endColumn: number
}
interface Physical {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string; readonly uriBaseId: string }
    readonly region: { readonly startLine: number }
  }
}
interface Result {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly level: string
  readonly baselineState: string
  readonly message: { readonly text: string }
  readonly locations: readonly Physical[]
  readonly relatedLocations?: readonly Physical[]
  readonly partialFingerprints: Readonly<Record<string, string>>
  readonly suppressions: readonly Readonly<Record<string, string>>[]
  readonly fixes?: readonly {
    readonly artifactChanges: readonly {
      readonly artifactLocation: { readonly uri: string }
      readonly replacements: readonly {
        readonly deletedRegion: Region
        readonly insertedContent: { readonly text: string }
      }[]
    }[]
  }[]
}
interface Run {
  readonly tool: {
    readonly driver: {
      readonly rules: readonly {
        readonly id: string
        readonly shortDescription: { readonly text: string }
        readonly fullDescription: { readonly text: string }
        readonly help: { readonly text: string; readonly markdown: string }
        readonly helpUri: string
      }[]
    }
  }
  readonly invocations: readonly {
    readonly toolExecutionNotifications: readonly {
      readonly descriptor: { readonly id: string }
      readonly level: string
      readonly locations: readonly Physical[]
    }[]
  }[]
  readonly results: readonly Result[]
}

const validate = (() => {
  // Nothing in it is particular to the draft that it names, and ajv does not know that one by itself.
  const { $schema, id, ...schema } = published
  expect([$schema, id]).toEqual(['http://json-schema.org/draft-04/schema#', expect.any(String)])
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  addFormats.default(ajv)
  return ajv.compile(schema)
})()

function read(text: string): Run {
  const log = JSON.parse(text) as { readonly runs: readonly [Run] }
  validate(log)
  expect(validate.errors).toBeNull()
  return log.runs[0]
}

/** A text with replacements made in it, by lines and columns alone. */
function replaced(
  before: string,
  changes: readonly { deletedRegion: Region; insertedContent: { text: string } }[],
) {
  const lines = before.split('\n')
  const offset = (line: number, column: number): number =>
    lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1
  return [...changes].reverse().reduce((text, { deletedRegion: at, insertedContent }) => {
    const [from, to] = [offset(at.startLine, at.startColumn), offset(at.endLine, at.endColumn)]
    return text.slice(0, from) + insertedContent.text + text.slice(to)
  }, before)
}

function checkFixes({ findings }: Report, results: readonly Result[]): number {
  let exact = 0
  for (const [index, { fix }] of findings.entries()) {
    const [made] = results[index]?.fixes ?? []
    expect(made !== undefined).toBe(fix !== null && !fix.files.some(({ created }) => created))
    for (const [at, change] of (made?.artifactChanges ?? []).entries()) {
      const file = fix?.files[at]
      expect(replaced(file?.before ?? '', change.replacements)).toBe(file?.after)
      exact += 1
    }
  }
  return exact
}

/** Of what is told in a way of its own (rule, certainty, change, kind of fix, waiver; class of problem), the first case. */
function telling(names: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return names.filter((name) => {
    const before = seen.size
    for (const kind of kindsIn(join(CASES, name))) seen.add(kind)
    return seen.size > before
  })
}

function kindsIn(folder: string): readonly string[] {
  const { findings, problems } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
  const isThere = (path: string): boolean =>
    ['head', 'both'].some((side) => existsSync(join(folder, side, path)))
  return [
    ...findings.map((line) => {
      const [what = '', ...facts] = line.split(' | ')
      const [change, , certainty, rule] = what.split(' ')
      const files =
        facts
          .find((fact) => fact.startsWith('fix '))
          ?.slice('fix '.length)
          .split(', ') ?? []
      const fix = files.map((path) => (path === 'none' ? path : isThere(path) ? 'edited' : 'created')).sort()
      return [change, certainty, rule, ...new Set(fix), String(line.includes(' | waived '))].join(' ')
    }),
    ...problems.map((line) => line.split(' ').slice(0, 2).join(' ')),
  ]
}

describe('SARIF of the cases', () => {
  // All of them take as long as judging them does.
  const names = telling(findCases(CASES))
  const seen = { results: 0, fixes: 0, notifications: 0 }
  it.each(names)('%s', async (name) => {
    const report = await runCase(join(CASES, name))
    const run = read(reportSarif(report, TOOL))
    const [invocation] = run.invocations
    expect(run.results.map(({ partialFingerprints }) => Object.values(partialFingerprints))).toEqual(
      report.findings.map(({ fingerprint }) => [fingerprint]),
    )
    for (const { ruleId, ruleIndex, locations } of run.results) {
      expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
      expect(locations).toHaveLength(1)
    }
    expect(invocation?.toolExecutionNotifications.map(({ descriptor }) => descriptor.id)).toEqual(
      report.problems.map(({ code }) => code),
    )
    seen.results += run.results.length
    seen.notifications += report.problems.length
    seen.fixes += checkFixes(report, run.results)
  })

  it('were worth asking', () => {
    expect(seen.results).toBeGreaterThan(names.length / 2)
    expect(seen.fixes).toBeGreaterThan(5)
    expect(seen.notifications).toBeGreaterThan(5)
  })
})

const TREE = {
  'ns.yaml': namespace('shop', true),
  'app.yaml': [deployment('web', 'shop', 80), deployment('api', 'shop', 8080)].join('---\n'),
}

it('check prints it, with the cause first, the policy beside it, and paths as URIs', async () => {
  const base = folder(TREE)
  const head = folder({ ...TREE, 'policies #1/å b.yaml': policy('api', 'shop', 'web', 8080) })
  const { code, stdout } = await ambientGuard('check', '--base', base, '--head', head, '--format', 'sarif')
  expect(code).toBe(1)
  const [result] = read(stdout).results
  expect(result).toMatchObject({
    ruleId: 'hbone-ingress',
    level: 'error',
    baselineState: 'new',
    suppressions: [],
  })
  expect(result?.message.text).toMatch(/^Deployment\/shop\/api is enrolled in Ambient /)
  expect(result?.locations[0]?.physicalLocation.artifactLocation).toEqual({
    uri: 'policies%20%231/%C3%A5%20b.yaml',
    uriBaseId: '%SRCROOT%',
  })
  const resolved = await ambientGuard('check', '--base', head, '--head', base, '--format', 'sarif')
  expect(read(resolved.stdout).results.map(({ baselineState }) => baselineState)).toEqual(['absent'])
})

it('names its object once, and the cluster where there are several', async () => {
  const report = await runCase(join(CASES, 'hbone-ingress/docs-policy-added'))
  const text = (finding: Partial<ReportFinding>): string => {
    const findings = report.findings.map((one) => ({ ...one, advice: null, ...finding }))
    return read(reportSarif({ ...report, findings }, TOOL)).results[0]?.message.text ?? ''
  }
  const { id } = report.findings[0]?.workload ?? { id: '?' }
  expect(text({}).split(id)).toHaveLength(2)
  expect(text({ among: 'prod' }).startsWith(`${id} in prod is enrolled`)).toBe(true)
  expect(text({ message: 'Nothing there.', among: 'prod' })).toBe(`${id} in prod: Nothing there.`)
  const policy = { message: `${id.replace('/', ' ')} opens it.` }
  expect(text(policy)).toBe(policy.message)
})

it('says who waives what', async () => {
  const report = await runCase(join(CASES, 'configuration/waived'))
  const run = read(reportSarif(report, TOOL))
  const waived = report.findings.map((finding) => finding.waived !== null)
  expect(waived).toContain(true)
  expect(run.results.map(({ suppressions }) => suppressions.length > 0)).toEqual(waived)
  const [suppression] = run.results.flatMap(({ suppressions }) => suppressions)
  expect(suppression).toMatchObject({ kind: 'external', status: 'accepted' })
  expect(suppression?.['justification']).toContain(', until ')
})

it('shows a finding without any place at its workload, and an edit behind a byte order mark exactly', async () => {
  const report = await runCase(join(CASES, 'hbone-ingress/docs-policy-added'))
  const [finding] = report.findings
  const before = '\ufeffa: 1\r\nb: 2\n'
  const bare: ReportFinding = {
    ...(finding as ReportFinding),
    cause: null,
    culprits: [],
    fix: {
      strategy: 'edit',
      text: 'Add.',
      files: [
        {
          path: 'a.yaml',
          created: false,
          before,
          after: '',
          diff: '',
          edits: [
            { start: 4, end: 5, text: '3' },
            { start: 9, end: 9, text: '# here\n' },
          ],
        },
      ],
    },
  }
  const [result] = read(reportSarif({ ...report, findings: [bare] }, TOOL)).results
  expect(result?.locations[0]?.physicalLocation.artifactLocation.uri).toBe(finding?.workload.origin.file.path)
  const regions = result?.fixes?.[0]?.artifactChanges[0]?.replacements.map(
    ({ deletedRegion }) => deletedRegion,
  )
  expect(regions).toEqual([
    { startLine: 1, startColumn: 4, endLine: 1, endColumn: 5 },
    { startLine: 2, startColumn: 3, endLine: 2, endColumn: 3 },
  ])
})

it('describes the rules as the README does', async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| \[([a-z-]+)\]\(docs\/rules\/\S+ +\| \w+ +\| (.*?) +\|$/gm)]
  const report = await runCase(join(CASES, 'hbone-ingress/docs-policy-added'))
  const { rules } = read(reportSarif(report, TOOL)).tool.driver
  for (const { id, fullDescription, help, helpUri, shortDescription } of rules) {
    expect(helpUri).toMatch(new RegExp(`^https://.*/docs/rules/${id}\\.md$`))
    expect(fullDescription.text.startsWith(`${shortDescription.text} `)).toBe(true)
    expect(help.text).toContain(helpUri)
    expect(help.markdown).toContain(`(${helpUri})`)
    expect(fullDescription.text.length).toBeLessThanOrEqual(1024)
  }
  expect(rules.map(({ id, shortDescription: { text } }) => [id, text.toLowerCase()])).toEqual(
    rows.map(([, id, says]) => [id, `${says ?? ''}.`.toLowerCase()]),
  )
})

it('has no place for explanations', async () => {
  const { code, stderr } = await ambientGuard('check', '.', '--explain', '--format', 'sarif')
  expect([code, stderr]).toEqual([2, expect.stringContaining('--format text, json or markdown')])
})
