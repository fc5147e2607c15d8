// Random bytes, and manifests that something has bitten into: there is a report, whatever there is to read.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import { examine } from '../../src/examine/examine.ts'
import { checkSummary } from '../../src/words/github/summary.ts'
import { reportSarif } from '../../src/words/sarif.ts'
import { testWorkshop } from '../workshop.ts'
import { memoryTree } from './memory-tree.ts'

/** AMBIENT_GUARD_LONG asks for as many hundredths. */
const RUNS = Math.max(75, Number(process.env.AMBIENT_GUARD_LONG ?? 0) / 100)
const CASES = join(import.meta.dirname, '../../fixtures/cases')
const MANIFESTS = readdirSync(CASES, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\/(?:both|head)\/.*\.ya?ml$/.test(path))
  .sort()
const RELATED = [
  'kind: NetworkPolicy\n',
  'metadata: {labels: {istio.io/dataplane-mode: ambient}}\n',
  '\n---\n',
  '\t',
  '&a *a',
  '<<: *a',
  '!!binary x',
  '? [a]: b',
  '- 99999999999999999999\n',
  '{{ .Values.x }}',
  '\ufeff',
  '%YAML 1.2\n',
]

const bite = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat({ max: 60 }),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(...RELATED).map((text) => new TextEncoder().encode(text)),
  ),
})
const bitten = fc
  .tuple(fc.constantFrom(...MANIFESTS), fc.array(bite, { minLength: 1, maxLength: 6 }))
  .map(([path, bites]) =>
    bites.reduce<Uint8Array>(
      (bytes, { at, length, put }) => {
        const from = Math.floor(at * bytes.length)
        return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + length)])
      },
      readFileSync(join(CASES, path)),
    ),
  )
const file = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 5, arbitrary: bitten },
)
const name = fc.constantFrom(
  'a.yaml',
  'shop/b.yaml',
  'shop/kustomization.yaml',
  'c.yml',
  'chart/values.yaml',
  '.github/ambient-guard.yml',
)
const state = fc.dictionary(name, file, { minKeys: 1, maxKeys: 4 })

test('whatever is read, there is a report', { timeout: 600_000 }, async () => {
  expect(MANIFESTS.length).toBeGreaterThan(100)
  const workshop = testWorkshop()
  await fc.assert(
    fc.asyncProperty(state, state, async (before, after) => {
      const base = memoryTree(new Map(Object.entries(before)))
      const report = await examine({
        base,
        head: memoryTree(new Map(Object.entries(after))),
        trusted: base,
        config: DEFAULT_CONFIG,
        configProblems: [],
        proposed: null,
        enroll: [],
        today: '2026-11-23',
        only: null,
        repositories: [],
        workshop,
      })
      const compared = {
        baseRef: 'main',
        baseSha: 'a',
        headSha: 'b',
        unplaced: 0,
        reviewRefused: false,
        hears: true,
      }
      expect(checkSummary(report, { ...compared, link: () => null }).length).toBeLessThan(65_536)
      expect(JSON.parse(reportSarif(report, '1.0.0'))).toBeTypeOf('object')
    }),
    { seed: 1, numRuns: RUNS },
  )
})
