import { execFileSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GitError } from '../../src/git/command.ts'
import { objectReader } from '../../src/git/reader.ts'
import { commit, git, repository, sandbox } from './sandbox.ts'

const home = sandbox()

/** Puts bytes into a repository, and gives their id. */
function put(directory: string, bytes: string | Uint8Array): string {
  return execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: directory, input: bytes })
    .toString()
    .trim()
}

const NOBODY = '1'.repeat(40)

describe('the reader of a repository', () => {
  it('says what an id, or what it is peeled to, stands for, and null where there is nothing', async () => {
    const top = repository(home, 'info')
    const id = commit(top, { 'a.yaml': 'abc\n' })
    const tree = git(top, 'rev-parse', 'HEAD^{tree}')
    const blob = git(top, 'rev-parse', 'HEAD:a.yaml')
    const found = await objectReader(top).info([id, `${id}^{tree}`, NOBODY, blob, `${blob}^{tree}`])
    expect(found.map((one) => (one === null ? null : [one.id, one.type]))).toEqual([
      [id, 'commit'],
      [tree, 'tree'],
      null,
      [blob, 'blob'],
      null,
    ])
    expect(found[3]?.size).toBe(4)
  })

  it('reads every byte: none at all, newlines at the ends, headers in the middle, and more than a pipe holds', async () => {
    const top = repository(home, 'bytes')
    const large = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 7919) % 251)
    const contents = [
      new Uint8Array(),
      Buffer.from('\n'),
      Buffer.from(`${NOBODY} missing\n${NOBODY} blob 3\nabc`),
      large,
      Buffer.from([0, 255, 10, 13, 0]),
    ]
    const ids = contents.map((bytes) => put(top, bytes))
    const found = await objectReader(top).read(ids)
    expect(
      found.map((one) =>
        Buffer.compare(one?.bytes ?? Buffer.from('?'), contents.shift() ?? Buffer.from('!')),
      ),
    ).toEqual([0, 0, 0, 0, 0])
  })

  it('answers several at once, each with its own', async () => {
    const top = repository(home, 'at-once')
    const ids = Array.from({ length: 40 }, (_, at) => put(top, `text ${String(at)}`))
    const reader = objectReader(top)
    const all = await Promise.all(
      ids.flatMap((id) => [
        reader.info([id]).then(([one]) => one?.size),
        reader.read([id]).then(([one]) => Buffer.from(one?.bytes ?? []).toString()),
      ]),
    )
    expect(all).toEqual(ids.flatMap((_, at) => [`text ${String(at)}`.length, `text ${String(at)}`]))
  })

  it('finds in one question more than it asks git at once', async () => {
    const top = repository(home, 'many')
    const [one, other] = [put(top, 'one'), put(top, 'other')]
    const ids = Array.from({ length: 25_001 }, (_, at) => (at % 2 === 0 ? one : other))
    const found = await objectReader(top).info(ids)
    expect(found.map((object) => object?.id)).toEqual(ids)
  })

  it('sees what came after it had looked', async () => {
    const top = repository(home, 'later')
    const reader = objectReader(top)
    put(top, 'first')
    const id = execFileSync('git', ['hash-object', '--stdin'], { cwd: top, input: 'later' }).toString().trim()
    expect(await reader.info([id])).toEqual([null])
    put(top, 'later')
    expect((await reader.info([id]))[0]?.id).toBe(id)
  })

  it('sees the repository that took the place of the one it looked at', async () => {
    const top = repository(home, 'place')
    const first = put(top, 'first')
    expect((await objectReader(top).info([first]))[0]?.id).toBe(first)
    const other = repository(home, 'other')
    const second = put(other, 'second')
    rmSync(top, { recursive: true })
    renameSync(other, top)
    expect((await objectReader(top).info([second]))[0]?.id).toBe(second)
  })

  it('goes on with a new git where the old one was ended', async () => {
    const top = repository(home, 'ended')
    const id = put(top, 'text')
    const reader = objectReader(top)
    await reader.info([id])
    for (const line of execFileSync('ps', ['-eo', 'pid,ppid,args']).toString().split('\n')) {
      const [, pid = '', parent = '', args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      if (parent === String(process.pid) && args.includes('cat-file')) process.kill(Number(pid), 'SIGKILL')
    }
    await expect.poll(async () => (await reader.info([id]).catch(() => []))[0]?.id).toBe(id)
  })

  it('says why where there is no repository', async () => {
    const none = objectReader(join(home, 'none'))
    await expect(none.info([NOBODY])).rejects.toThrow(GitError)
    await expect(none.info([NOBODY])).rejects.toThrow(/^git cat-file could not be started \(ENOENT\)$/)
  })

  it('takes nothing for a name that is none', async () => {
    const top = repository(home, 'names')
    for (const name of ['HEAD', '', `${NOBODY}\ninfo HEAD`, '--all'])
      await expect(objectReader(top).info([name])).rejects.toThrow('is not the id of an object')
  })
})
