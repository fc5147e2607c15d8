// A case is a folder of fixtures/yaml/patch: before.yaml and patch.json, and what becomes of them in
// after.yaml or refused.txt. UPDATE_FIXTURES=1 rewrites what is expected; read it before you commit it.

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { applyEdits } from '../../src/core/source/text.ts'
import { patchDocument, readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import type { YamlPatch } from '../../src/core/yaml/types.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/yaml/patch')
const UPDATE = process.env['UPDATE_FIXTURES'] === '1'

interface Case {
  readonly document: number
  readonly patches: readonly YamlPatch[]
}

describe('patchDocument', () => {
  for (const name of readdirSync(FOLDER)) {
    test(name.replaceAll('-', ' '), () => {
      const { outcome, edits, before } = run(name)
      const expected = existsSync(file(name, 'after.yaml'))
        ? { after: read(name, 'after.yaml') }
        : { refused: read(name, 'refused.txt').trimEnd() }
      expect(outcome).toEqual(expected)
      // Nothing is rewritten that stays as it was: an edit adds text, or takes an empty value or one that is set away.
      for (const edit of edits) {
        expect(before.slice(edit.start, edit.end)).toMatch(/^\s*(?:null|~|true|\[\s*\]|\{\s*\})?\s*$/)
      }
      if ('after' in outcome && !before.includes('\t')) expect(outcome.after).not.toContain('\t')
      if ('after' in outcome && before.includes('\r\n')) expect(outcome.after).not.toMatch(/[^\r]\n/)
    })
  }

  test('JSON stays JSON', () => {
    for (const name of readdirSync(FOLDER).filter((folder) => folder.startsWith('json-'))) {
      expect(() => JSON.parse(read(name, 'after.yaml')) as unknown, name).not.toThrow()
    }
  })

  test('documents that are not named stay as they are, even those that cannot be read', () => {
    const text = 'a: [1]\n---\nb: {{ x }}\n---\nc: [\n'
    const [first] = splitDocuments(text)
    if (first === undefined) throw new Error('no document')
    const result = patchDocument(text, first, [{ op: 'append', route: ['a'], value: 2 }])
    expect(result.ok && applyEdits(text, result.edits)).toBe('a: [1, 2]\n---\nb: {{ x }}\n---\nc: [\n')
  })

  test('values that JSON has no words for are refused', () => {
    const text = 'a: [1]\n'
    const [range] = splitDocuments(text)
    if (range === undefined) throw new Error('no document')
    for (const value of [
      undefined,
      NaN,
      Infinity,
      1n,
      () => 1,
      new Date(0),
      [undefined],
      { a: Symbol('x') },
    ]) {
      expect(patchDocument(text, range, [{ op: 'append', route: ['a'], value }])).toEqual({
        ok: false,
        reason: 'the new value cannot be written as YAML',
      })
    }
  })

  test('no patches, no edits', () => {
    const text = 'a: 1\n'
    const [range] = splitDocuments(text)
    if (range === undefined) throw new Error('no document')
    expect(patchDocument(text, range, [])).toEqual({ ok: true, edits: [] })
  })

  test('the edited file reads as the value with its new items', () => {
    const text = '# first\na: {b: [1]}\n---\nspec:\n  ports:\n  - 80\n'
    const range = splitDocuments(text)[1]
    if (range === undefined) throw new Error('no document')
    const result = patchDocument(text, range, [
      { op: 'append', route: ['spec', 'ports'], value: { port: 15008 } },
    ])
    if (!result.ok) throw new Error(result.reason)
    const after = applyEdits(text, result.edits)
    const now = splitDocuments(after)[1]
    expect(now && readDocument(after, now)).toEqual({
      ok: true,
      value: { spec: { ports: [80, { port: 15008 }] } },
    })
  })
})

function run(name: string) {
  const before = read(name, 'before.yaml')
  const { document, patches } = JSON.parse(read(name, 'patch.json')) as Case
  const range = splitDocuments(before)[document]
  if (range === undefined) throw new Error(`${name} has no document ${String(document)}`)
  const result = patchDocument(before, range, patches)
  const outcome = result.ok ? { after: applyEdits(before, result.edits) } : { refused: result.reason }
  if (UPDATE) {
    for (const old of ['after.yaml', 'refused.txt']) rmSync(file(name, old), { force: true })
    if ('after' in outcome) writeFileSync(file(name, 'after.yaml'), outcome.after)
    else writeFileSync(file(name, 'refused.txt'), `${outcome.refused}\n`)
  }
  return { outcome, before, edits: result.ok ? result.edits : [] }
}

function read(name: string, of: string): string {
  return readFileSync(file(name, of), 'utf8')
}

function file(name: string, of: string): string {
  return join(FOLDER, name, of)
}
