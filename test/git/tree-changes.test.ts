import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createListings, filesAt, gitTree } from '../../src/git/tree.ts'
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
        ? (text === 'one' ? '1' : '2').repeat(blob(directory, '').length)
        : blob(directory, text)
    return `${mode} ${id}\t${path}\0`
  })
  rmSync(`${directory}/.git/index`, { force: true })
  execFileSync('git', ['update-index', '-z', '--index-info'], { cwd: directory, input: index.join('') })
  return git(directory, 'write-tree')
}

const blobs = new Map<string, string>()

/** The id of a text, which is stored; there are three of them. */
function blob(directory: string, text: string): string {
  const known = blobs.get(`${directory} ${text}`)
  if (known !== undefined) return known
  const made = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: directory, input: text })
  const id = made.toString().trim()
  blobs.set(`${directory} ${text}`, id)
  return id
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
  git(home, 'init', '--quiet', '--template=', `--object-format=${format}`, directory)

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

  it('are asked for some paths as if all were listed', async () => {
    const paths = fc.array(fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 }), {
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(files, paths, async (all, parts) => {
        const tree = gitTree(directory, made(directory, all))
        const wanted = [...parts.map((one) => one.join('/')), ...all.keys()]
        const listed = new Map((await tree.files()).map((file) => [file.path, file]))
        expect(await filesAt(tree, wanted)).toEqual(wanted.flatMap((path) => listed.get(path) ?? []))
      }),
      { numRuns: 10 },
    )
  })

  it('are not asked for paths where they are not there', async () => {
    const gone = gitTree(directory, '3'.repeat(made(directory, new Map()).length))
    await expect(filesAt(gone, ['a'])).rejects.toMatchObject({ reason: 'missing-object' })
  })

  it('are not compared where one of them is not there', async () => {
    const tree = made(directory, new Map())
    expect(await treeChanges(directory, tree, '3'.repeat(tree.length))).toBe(null)
    expect(await treeChanges(directory, '3'.repeat(tree.length), tree)).toBe(null)
  })
})
