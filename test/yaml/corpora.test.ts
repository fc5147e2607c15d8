// Real manifests: the two parsers read the same, and a patch of every list in them proves itself.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applyEdits } from '../../src/core/source/text.ts'
import { patchDocument, readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import type { Route } from '../../src/core/yaml/types.ts'
import { parsePlaces } from '../../src/core/yaml/parse-places.ts'

const ROOT = process.env['AMBIENT_GUARD_CORPORA']
const FOLDERS = ['online-boutique', 'flux-example'].map((name) => join(ROOT ?? '', name))
const there = ROOT !== undefined && FOLDERS.every((folder) => existsSync(folder))

const files = (there ? FOLDERS : [])
  .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))

test.skipIf(!there)('both parsers read every document alike', () => {
  let documents = 0
  for (const path of files) {
    const text = readFileSync(path, 'utf8')
    for (const range of splitDocuments(text)) {
      const read = readDocument(text, range)
      const placed = parsePlaces(text.slice(range.start, range.end))
      expect(read.ok ? read.value : 'unreadable', path).toEqual(placed?.value ?? 'unreadable')
      documents += 1
    }
  }
  expect(documents).toBeGreaterThan(100)
})

test.skipIf(!there)('something can be appended to every list, and only lines are added', () => {
  let lists = 0
  for (const path of files) {
    const text = readFileSync(path, 'utf8')
    for (const range of splitDocuments(text)) {
      const read = readDocument(text, range)
      if (!read.ok || /\{\{|\{%|<%/.test(text.slice(range.start, range.end))) continue
      for (const route of listsOf(read.value).slice(0, 10)) {
        const result = patchDocument(text, range, [
          { op: 'append', route, value: { port: 15008, protocol: 'TCP' } },
        ])
        if (!result.ok) throw new Error(`${path} ${route.join('.')}: ${result.reason}`)
        const after = applyEdits(text, result.edits).split('\n')
        const kept = text.split('\n').filter((line) => !/\[\s*\]/.test(line))
        expect(
          isSubsequence(
            kept.filter((line) => !line.includes('[')),
            after,
          ),
          path,
        ).toBe(true)
        lists += 1
      }
    }
  }
  expect(lists).toBeGreaterThan(100)
})

if (!there) process.stdout.write('AMBIENT_GUARD_CORPORA is not set: real manifests are not read\n')

function listsOf(value: unknown, route: Route = []): Route[] {
  if (typeof value !== 'object' || value === null) return []
  const here = Array.isArray(value) ? [route] : []
  return [
    ...here,
    ...Object.entries(value).flatMap(([key, child]) =>
      listsOf(child, [...route, Array.isArray(value) ? Number(key) : key]),
    ),
  ]
}

function isSubsequence(lines: readonly string[], of: readonly string[]): boolean {
  let at = 0
  for (const line of of) if (line === lines[at]) at += 1
  return at === lines.length
}
