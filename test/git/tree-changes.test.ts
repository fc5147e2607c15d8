import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createListings, gitTree } from '../../src/git/tree.ts'
import { treeChanges } from '../../src/git/tree-changes.ts'
import { git, sandbox } from './sandbox.ts'

const home = sandbox()
const NAMES = ['a', 'a.b', 'a-b', 'b', 'ü', '-x', 'line\nbreak']
const MODES = ['100644', '100755', '120000', '160000']

/** Files by path; one that is below another takes its place. */
const files = fc
  .array(
    fc.tuple(
      fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      fc.constantFrom(...MODES),
      fc.constantFrom('', 'one', 'two'),
    ),
    { maxLength: 8 },
  )
  .map((entries) => new Map(entries.map(([path, mode, text]) => [path, { mode, text }])))
  .map(
    (all) =>
      new Map([...all].filter(([path]) => ![...all.keys()].some((other) => other.startsWith(`${path}/`)))),
  )

type Files = typeof files extends fc.Arbitrary<infer T> ? T : never

function made(directory: string, all: Files): string {
  const index = [...all].map(([path, { mode, text }]) => {
    const id =
      mode === '160000'
        ? (text === 'one' ? '1' : '2').repeat(
            git(directory, 'rev-parse', '--show-object-format') === 'sha256' ? 64 : 40,
          )
        : execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: directory, input: text })
            .toString()
            .trim()
    return `${mode} ${id}\t${path}\0`
  })
  git(directory, 'read-tree', '--empty')
  execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: directory, input: index.join('') })
  return git(directory, 'write-tree')
}

/** What git itself says, by path. */
function said(directory: string, from: string, to: string): Record<string, unknown> {
  const raw = git(directory, 'diff-tree', '-r', '-z', '--no-renames', '--no-abbrev', from, to).split('\0')
  const changes: Record<string, unknown> = {}
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [, mode, , id, status] = (raw[at] ?? '').split(' ')
    changes[raw[at + 1] ?? ''] = status === 'D' ? null : { mode, id }
  }
  return changes
}

describe.each(['sha1', 'sha256'])('two trees of a repository with %s', (format) => {
  const directory = `${home}/${format}`
  git(home, 'init', '--quiet', `--object-format=${format}`, directory)

  it('differ where git says that they do, and make the same list from one another as from nothing', async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const [from, to] = [made(directory, before), made(directory, after)]
        const changes = await treeChanges(directory, from, to)
        expect(Object.fromEntries(changes ?? [])).toEqual(said(directory, from, to))
        const listings = createListings()
        await gitTree(directory, from, { listings }).files()
        expect(await gitTree(directory, to, { listings }).files()).toEqual(
          await gitTree(directory, to).files(),
        )
      }),
      { numRuns: 10 },
    )
  })

  it('are not compared where one of them is not there', async () => {
    const tree = made(directory, new Map())
    expect(await treeChanges(directory, tree, '3'.repeat(tree.length))).toBe(null)
    expect(await treeChanges(directory, '3'.repeat(tree.length), tree)).toBe(null)
  })
})
