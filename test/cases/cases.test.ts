// One loop runs every case. UPDATE_CASES=1 rewrites what is expected; read the difference before you commit it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCases, fixedFiles, runCase, summarise } from './case.ts'
import type { Expected } from './case.ts'

const ROOT = join(import.meta.dirname, '../../fixtures/cases')
const update = process.env.UPDATE_CASES === '1'

describe.each(findCases(ROOT))('%s', (name) => {
  const folder = join(ROOT, name)
  it('says what the specification says', async () => {
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
    const report = await runCase(folder)
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
})
