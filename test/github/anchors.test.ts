// Hunks, suggestions and edits carried from one text to another.
import { describe, expect, it } from 'vitest'
import { applyEdits } from '../../src/core/source/text.ts'
import { hunkAround, parseHunks, spansDeletion } from '../../src/github/hunks.ts'
import { mapLines, rebaseEdits } from '../../src/github/rebase.ts'
import { suggest } from '../../src/github/suggest.ts'

const PATCH = `@@ -1,3 +1,4 @@
 one
+two
 three
 four
@@ -10,4 +11,3 @@ section
 ten
-eleven
 twelve
 thirteen
\\ No newline at end of file`

describe('hunks', () => {
  const hunks = parseHunks(PATCH)

  it('know the lines they show', () => {
    expect(hunks.map(({ first, last }) => [first, last])).toEqual([
      [1, 4],
      [11, 13],
    ])
  })

  it('hold a range only whole', () => {
    expect(hunkAround(hunks, { first: 2, last: 4 })).toBe(hunks[0])
    expect(hunkAround(hunks, { first: 4, last: 5 })).toBeNull()
    expect(hunkAround(hunks, { first: 4, last: 11 })).toBeNull()
    expect(hunkAround(hunks, { first: 5, last: 5 })).toBeNull()
  })

  it('know where deleted lines stand', () => {
    const [, second] = hunks
    if (second === undefined) throw new Error('there are two hunks')
    expect(spansDeletion(second, { first: 11, last: 12 })).toBe(true)
    expect(spansDeletion(second, { first: 12, last: 13 })).toBe(false)
  })

  it('may be a single line, or none', () => {
    expect(parseHunks('@@ -0,0 +1 @@\n+x')).toMatchObject([{ first: 1, last: 1 }])
    expect(parseHunks('@@ -1,2 +0,0 @@\n-x\n-y')).toEqual([])
    expect(parseHunks('')).toEqual([])
  })
})

const whole = (text: string): ReturnType<typeof parseHunks> =>
  parseHunks(`@@ -0,0 +1 @@\n${text.replace(/\n$/, '').replace(/^/gm, '+')}`)

const at = (text: string, needle: string): number => text.indexOf(needle) + needle.length

describe('suggestions', () => {
  const TEXT = 'a:\n  - b\n  - c\nd: e\n'

  it('an insertion takes the line before with it', () => {
    const offset = at(TEXT, '- c\n')
    expect(suggest(TEXT, [{ start: offset, end: offset, text: '  - x\n' }], whole(TEXT))).toEqual({
      first: 3,
      last: 3,
      text: '  - c\n  - x',
    })
  })

  it('or the line after, where only that one is shown', () => {
    const offset = at(TEXT, '- c\n')
    const hunks = parseHunks('@@ -4 +4 @@\n-x\n+d: e')
    expect(suggest(TEXT, [{ start: offset, end: offset, text: '  - x\n' }], hunks)).toEqual({
      first: 4,
      last: 4,
      text: '  - x\nd: e',
    })
  })

  it('a change of several lines is a range', () => {
    const start = TEXT.indexOf('  - b')
    expect(suggest(TEXT, [{ start, end: at(TEXT, '- c'), text: '  - B\n  - C' }], whole(TEXT))).toEqual({
      first: 2,
      last: 3,
      text: '  - B\n  - C',
    })
  })

  it('a deletion has no text, and an emptied line has an empty one', () => {
    const start = TEXT.indexOf('  - b')
    expect(suggest(TEXT, [{ start, end: start + 6, text: '' }], whole(TEXT))).toEqual({
      first: 2,
      last: 2,
      text: null,
    })
    expect(suggest(TEXT, [{ start, end: start + 5, text: '' }], whole(TEXT))).toEqual({
      first: 2,
      last: 2,
      text: '',
    })
  })

  it('CRLF stays CRLF', () => {
    const text = TEXT.replaceAll('\n', '\r\n')
    const offset = at(text, '- c\r\n')
    expect(suggest(text, [{ start: offset, end: offset, text: '  - x\r\n' }], whole(TEXT))?.text).toBe(
      '  - c\r\n  - x\r',
    )
  })

  it('outside a hunk, or over deleted lines, there is none', () => {
    const offset = at(TEXT, '- b\n')
    expect(
      suggest(TEXT, [{ start: offset, end: offset, text: 'x\n' }], parseHunks('@@ -4 +4 @@\n-x\n+d: e')),
    ).toBeNull()
    const start = TEXT.indexOf('  - b')
    const hunks = parseHunks('@@ -1,5 +1,4 @@\n a:\n   - b\n-  - gone\n   - c\n d: e')
    expect(suggest(TEXT, [{ start, end: at(TEXT, '- c'), text: '  - B\n  - C' }], hunks)).toBeNull()
  })

  it('the line break at the end of a file is not for a suggestion to add', () => {
    const text = 'a: b'
    expect(suggest(text, [{ start: 4, end: 4, text: '\nc: d' }], whole(text))).toEqual({
      first: 1,
      last: 1,
      text: 'a: b\nc: d',
    })
    expect(suggest(text, [{ start: 4, end: 4, text: '\nc: d\n' }], whole(text))).toBeNull()
  })
})

describe('edits on another text', () => {
  const MERGED = 'base: 1\n---\na:\n  - b\n  - c\nd: e\n'
  const HEAD = MERGED.replace('base: 1\n---\n', '')

  it('move with the lines they are on', () => {
    const offset = at(MERGED, '- c\n')
    const edits = rebaseEdits(MERGED, [{ start: offset, end: offset, text: '  - x\n' }], HEAD)
    expect(applyEdits(HEAD, edits ?? [])).toBe('a:\n  - b\n  - c\n  - x\nd: e\n')
    expect(mapLines(MERGED, HEAD)(5)).toBe(3)
    expect(mapLines(MERGED, HEAD)(1)).toBeNull()
  })

  it('are not made where the lines around them differ', () => {
    const offset = at(MERGED, '- c\n')
    const edit = { start: offset, end: offset, text: '  - x\n' }
    expect(rebaseEdits(MERGED, [edit], HEAD.replace('d: e', 'd: f'))).toBeNull()
    expect(rebaseEdits(MERGED, [edit], HEAD.replace('- c', '- z'))).toBeNull()
    expect(rebaseEdits(MERGED, [edit], '')).toBeNull()
  })

  it('work at the end of a file', () => {
    const edit = { start: MERGED.length, end: MERGED.length, text: 'z: 1\n' }
    expect(applyEdits(HEAD, rebaseEdits(MERGED, [edit], HEAD) ?? [])).toBe(`${HEAD}z: 1\n`)
    expect(rebaseEdits(MERGED, [edit], `${HEAD}more: 1\n`)).toBeNull()
  })
})
