// A rule has one name in four places: its file, the list, its cases, its page. This fails until all exist.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RULE_SEVERITIES } from '../../src/core/config.ts'
import { CHANGE_RULES, STATE_RULES } from '../../src/core/findings/rules/index.ts'

const ROOT = join(import.meta.dirname, '../..')
const rules = [...STATE_RULES, ...CHANGE_RULES]
const ids = rules.map(({ id }) => id)

it('every rule is registered once, and every rule that can be configured exists', () => {
  expect([...ids].sort()).toEqual(Object.keys(RULE_SEVERITIES).sort())
  expect(new Set(ids).size).toBe(ids.length)
})

it('every file in the room of rules is a registered rule', () => {
  const files = readdirSync(join(ROOT, 'src/core/findings/rules')).filter((name) => name !== 'index.ts')
  expect(files.sort()).toEqual(ids.map((id) => `${id}.ts`).sort())
})

it('every page is the page of a rule', () => {
  expect(readdirSync(join(ROOT, 'docs/rules')).sort()).toEqual(ids.map((id) => `${id}.md`).sort())
})

describe.each(rules)('$id', ({ id, judges }) => {
  it('has cases that speak and cases that stay silent', () => {
    const folder = join(ROOT, 'fixtures/cases', id)
    expect(existsSync(folder)).toBe(true)
    const speaks = readdirSync(folder).map((name) => {
      const { findings } = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as {
        readonly findings: readonly string[]
      }
      return findings.some((line) => line.includes(` ${id} `) && !line.startsWith('resolved'))
    })
    expect(speaks).toContain(true)
    expect(speaks).toContain(false)
  })

  it('has a page that opens with its name, its severity and what it judges', () => {
    const page = readFileSync(join(ROOT, 'docs/rules', `${id}.md`), 'utf8')
    expect(page.split('\n')[0]).toBe(`# ${id}`)
    expect(page).toContain(`Default severity: **${RULE_SEVERITIES[id]}**. Judges: **${judges}**.`)
  })
})
