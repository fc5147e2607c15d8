// What documents promise about the house: every setting has its row, every metric, and every test that the threat model
// relies on is there.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/ops/metrics.ts'
import { readSettings } from '../../src/ops/settings.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/self-hosting.md')

function section(title: string): string {
  const [, text = ''] = new RegExp(`^#+ ${title}\n(.*?)(?=^#)`, 'ms').exec(page) ?? []
  return text
}

describe('docs/self-hosting.md', () => {
  const rows = [...section('Settings').matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name),
  )

  it('has a row for every setting that is read, and for no other', () => {
    // Names in quotation marks, whichever function reads them; those in small letters are told in a sentence.
    const source = read('src/ops/settings.ts')
    const names = [...source.matchAll(/'([A-Z][A-Z0-9]*_?[A-Z0-9_]*)'/g)].map(([, name = '']) => name)
    const told = [...page.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(15)
    expect([...new Set(names)].filter((name) => !told.includes(name))).toEqual([])
    expect(rows.filter((name) => !names.includes(name))).toEqual([])
  })

  it('has the least and the most of every number but the name of the app', () => {
    const numbers = [...read('src/ops/settings.ts').matchAll(/whole\('([A-Z_]+)'/g)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'APP_ID')
    expect(numbers.length).toBeGreaterThan(5)
    const wrong = readSettings(Object.fromEntries(numbers.map((name) => [name, 'x'])), () => null)
    const mistakes = wrong.ok ? [] : wrong.mistakes
    for (const name of numbers) {
      const [, range = 'no range'] =
        mistakes
          .map((text) => new RegExp(`^${name} is not a whole number (from .*)$`).exec(text))
          .find(Boolean) ?? []
      const row = section('Settings')
        .split('\n')
        .find((line) => line.startsWith('|') && line.includes(`\`${name}\``))
      expect(row).toContain(range)
    }
  })

  it('has a row for every setting of the manifests', () => {
    const given = [...read('deploy/kubernetes/settings.env').matchAll(/^([A-Z_]+)=/gm)].map(
      ([, name]) => name,
    )
    expect(given).toContain('APP_ID')
    expect(given.filter((name) => !rows.includes(name ?? ''))).toEqual([])
  })

  it('has a row for every metric', async () => {
    const text = await createMetrics(() => Promise.resolve({ waiting: 0, running: 0 })).text()
    const metrics = [...text.matchAll(/^# TYPE (ambient_guard_\S+) (\S+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ])
    const listed = [...section('Metrics').matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, name, type]) => [
      name,
      type,
    ])
    expect(metrics.length).toBeGreaterThan(5)
    expect([...listed].sort()).toEqual([...metrics].sort())
  })
})

it.each([
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
])('every link of %s leads to a file of this repository', (path) => {
  const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
    ([, link = '']) => link,
  )
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(path), link)))).toEqual([])
})

it('every threat of docs/security.md names the test that tries it', () => {
  const text = read('docs/security.md')
  const threats = text.slice(text.indexOf('## Threats'), text.indexOf('## What is not covered'))
  const rows = [...threats.matchAll(/^\| (?!what they try|-)(.*)\|$/gm)].map(([, row = '']) => row)
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.filter((row) => !/\]\(\.\.\/(?:test|scripts)\/[^)]+\)/.test(row))).toEqual([])
})
