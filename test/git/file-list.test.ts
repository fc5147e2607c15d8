import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amendFiles, everyFile, fileAt, fileList } from '../../src/git/trees/file-list.ts'
import type { TreeFile } from '../../src/git/trees/file-list.ts'
import { filesChanged } from '../../src/manifests/files-changed.ts'

const file = (path: string, id = ''): TreeFile => ({ path, mode: '100644', id, size: 0 })
const inOrder = (files: Iterable<TreeFile>): TreeFile[] =>
  [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
/** More than fit into two pieces. */
const many = inOrder(Array.from({ length: 2000 }, (_, index) => file(`f${String(index)}`)))

describe('a list of files', () => {
  const numbers = fc.array(fc.integer({ min: 0, max: 2500 }), { maxLength: 400 })

  it('is, after files went and came, what it would be made anew', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), numbers, numbers, (size, gone, come) => {
        const files = many.slice(0, size)
        const gonePaths = new Set(gone.map((at) => `f${String(at)}`))
        const fresh = [...new Set(come)].map((at) => file(`f${String(at)}`, 'new'))
        const expected = new Map(
          files.filter(({ path }) => !gonePaths.has(path)).map((one) => [one.path, one]),
        )
        for (const one of fresh) expected.set(one.path, one)
        const list = amendFiles(fileList(files), gonePaths, fresh)
        expect(everyFile(list)).toEqual(inOrder(expected.values()))
        expect(list.length).toBe(expected.size)
        for (let at = 0; at < 2500; at += 7) {
          const path = `f${String(at)}`
          expect(fileAt(list, path)).toBe(expected.get(path))
        }
      }),
    )
  })

  it('tells what differs from the list that it was made of', () => {
    fc.assert(
      fc.property(numbers, numbers, (gone, come) => {
        const before = fileList(many)
        const fresh = [...new Set(come)].map((at) => file(`f${String(at)}`, 'new'))
        const after = amendFiles(
          before,
          gone.map((at) => `f${String(at)}`),
          fresh,
        )
        const [was, is] = [before, after].map(
          (list) => new Map(everyFile(list).map((one) => [one.path, one])),
        )
        const paths = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])
        const differ = [...paths].filter((path) => was?.get(path) !== is?.get(path)).sort()
        const changes = filesChanged(before, after)
        expect([...(changes?.keys() ?? [])]).toEqual(differ.length > 500 ? [] : differ)
        for (const [path, change] of changes ?? [])
          expect(change).toEqual({ before: was?.get(path) ?? null, after: is?.get(path) ?? null })
      }),
    )
  })

  it('shares what stays the same', () => {
    const before = fileList(many)
    const after = amendFiles(before, [], [file('f1000', 'new')])
    const shared = after.pieces.filter((piece) => before.pieces.includes(piece))
    expect(shared).toHaveLength(before.pieces.length - 1)
  })
})
