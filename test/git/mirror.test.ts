import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { CommitMissing, FetchFailed } from '../../src/git/fetch.ts'
import { type Mirror, openMirror } from '../../src/git/mirror.ts'
import { gitTree } from '../../src/git/tree.ts'
import { clearRemains, tidy } from '../../src/git/upkeep.ts'
import { remoteServer } from './remote-server.ts'
import { commit, git, repository, sandbox } from './sandbox.ts'

const home = sandbox()
const TOKEN = 'ghs_12345_eyJhbGciOiJSUzI1NiJ9.not-a-real-token'
const state = remoteServer(home, TOKEN)
const EXPECTED = state.authorization
const bare = join(home, 'served.git')
let top: string

beforeAll(() => {
  top = repository(home, 'work')
  commit(top, { a: 'a' })
  git(home, 'clone', '-q', '--bare', 'work', 'served.git')
  git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
})

/** A commit that the server has. */
function served(files: Readonly<Record<string, string | null>>): string {
  const id = commit(top, files)
  git(top, 'push', '-q', '--force', bare, 'HEAD:refs/heads/main')
  return id
}

let mirrors = 0
function mirror(timeoutMs = 20_000): Mirror {
  return openMirror(join(home, 'cache'), `Owner/Repo${String((mirrors += 1))}`, { timeoutMs })
}

const remote = (path = 'o/r.git', token: string | null = TOKEN) => ({ url: `${state.origin}/${path}`, token })

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => new Error('did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('no error')
  return error
}

describe('fetch', () => {
  it('brings exactly the commits that were asked for', async () => {
    const before = served({ x: 'before' })
    const first = served({ a: '1', 'dir/b': 'b' })
    const second = served({ a: '2' })
    const m = mirror()
    await m.fetch({ ...remote(), commits: [first, second] })
    expect(await m.treeOf(first)).toBe(git(top, 'rev-parse', `${first}^{tree}`))
    const tree = gitTree(m.directory, second)
    const bytes = await tree.read(await tree.files())
    expect(Buffer.from(bytes.get('a') ?? []).toString()).toBe('2')
    await expect(m.treeOf(before)).rejects.toMatchObject({ reason: 'missing-object' })
    state.requests.length = 0
    await m.fetch({ ...remote(), commits: [second, first, second] })
    expect(state.requests).toEqual([])
    expect(git(m.directory, 'for-each-ref', '--format=%(refname)', 'refs/tags')).toBe('')
    expect(m.directory).toBe(join(home, 'cache', 'owner', `repo${String(mirrors)}.git`))
  })

  it('sends only what is new', async () => {
    const noise = Array.from({ length: 400 }, (_, n) => [
      `n${String(n)}`,
      `${String(Math.sin(n))}\n`.repeat(3),
    ])
    const first = served(Object.fromEntries(noise) as Record<string, string>)
    const second = served({ a: 'one line' })
    const m = mirror()
    state.received = 0
    await m.fetch({ ...remote(), commits: [first] })
    const whole = state.received
    state.received = 0
    await m.fetch({ ...remote(), commits: [second] })
    expect(state.received).toBeLessThan(whole / 5)
    expect(await gitTree(m.directory, second).files()).toHaveLength(
      (await gitTree(m.directory, first).files()).length,
    )
  })

  it('merges what it brought', async () => {
    const mergeBase = served({ m: 'a\nb\nc\nd\ne\n' })
    const head = served({ m: 'A\nb\nc\nd\ne\n' })
    git(top, 'reset', '-q', '--hard', mergeBase)
    const base = served({ m: 'a\nb\nc\nd\nE\n' })
    const m = mirror()
    await m.fetch({ ...remote(), commits: [base, head, mergeBase] })
    const result = await m.trueMerge({ base, head, mergeBase })
    expect(result.kind === 'clean' ? git(m.directory, 'show', `${result.tree}:m`) : result).toBe(
      'A\nb\nc\nd\nE',
    )
  })

  it('says which commit the remote does not have, and still brings the others', async () => {
    const here = served({ a: 'here' })
    const m = mirror()
    const error = await failure(m.fetch({ ...remote(), commits: ['f'.repeat(40), here] }))
    expect(error).toBeInstanceOf(CommitMissing)
    expect(error).toMatchObject({ commit: 'f'.repeat(40) })
    expect(await m.treeOf(here)).toBe(git(top, 'rev-parse', `${here}^{tree}`))
  })

  it('asks by name where the server refuses ids, and believes only the id', async () => {
    const old = served({ a: 'old' })
    const tip = served({ a: 'tip' })
    git(home, 'clone', '-q', '--bare', 'served.git', 'strict.git')
    git(join(home, 'strict.git'), 'update-ref', 'refs/pull/7/head', tip)
    const child = git(top, 'commit-tree', '-p', tip, '-m', 'child', `${tip}^{tree}`)
    git(top, 'push', '-q', '--force', join(home, 'strict.git'), `${child}:refs/heads/main`)
    git(join(home, 'strict.git'), 'config', 'uploadpack.hideRefs', 'refs/heads')
    git(join(home, 'strict.git'), 'config', 'uploadpack.allowTipSHA1InWant', 'false')
    const m = mirror()
    const refs = ['refs/pull/8/head', 'refs/pull/7/head']
    await m.fetch({ ...remote('strict/r.git'), commits: [tip], refs })
    expect(await m.treeOf(tip)).toBe(git(top, 'rev-parse', `${tip}^{tree}`))
    const error = await failure(m.fetch({ ...remote('strict/r.git'), commits: [old], refs }))
    expect(error).toMatchObject({ commit: old })
  })

  it('asks by name where an id is not there yet, as right after a push', async () => {
    const id = served({ a: 'fresh' })
    git(bare, 'update-ref', 'refs/pull/9/head', id)
    const m = mirror()
    state.lagging = true
    await m.fetch({ ...remote('lag/r.git'), commits: [id], refs: ['refs/pull/404/head', 'refs/pull/9/head'] })
    expect(state.lagging).toBe(false)
    expect(await m.treeOf(id)).toBe(git(top, 'rev-parse', `${id}^{tree}`))
    expect(git(m.directory, 'for-each-ref', '--format=%(refname)')).toBe(`refs/kept/${id}`)
  })

  it('lets calls for one mirror wait for each other', async () => {
    const ids = [served({ a: 'x' }), served({ a: 'y' }), served({ a: 'z' })]
    const m = mirror()
    const again = openMirror(join(home, 'cache'), `owner/repo${String(mirrors)}`)
    await Promise.all(ids.map((id, n) => (n === 1 ? again : m).fetch({ ...remote(), commits: [id] })))
    for (const id of ids) expect(await m.treeOf(id)).toHaveLength(40)
  })

  it('refuses keys, urls, ids and refs that are something else', async () => {
    for (const key of ['repo', '../x', 'a/..', 'a/b/c', '/a', 'a/b\n'])
      expect(() => openMirror(home, key)).toThrow()
    const id = served({ a: 'q' })
    const m = mirror()
    for (const url of [
      `file://${bare}`,
      bare,
      'ext::sh -c id',
      'http://u:p@127.0.0.1/x',
      '--upload-pack=id',
    ]) {
      await expect(m.fetch({ url, token: null, commits: [id] })).rejects.toThrow('without credentials')
    }
    await expect(m.fetch({ ...remote(), commits: ['main'] })).rejects.toThrow('is not a full commit id')
    await expect(m.fetch({ ...remote(), commits: [id], refs: ['+refs/x:refs/y'] })).rejects.toThrow(
      'ref name',
    )
  })
})

describe('the token', () => {
  it('is in no file of the mirror, no argument and no error', async () => {
    const id = served({ a: 'secret?' })
    const m = mirror()
    await m.fetch({ ...remote(), commits: [id] })
    const encoded = EXPECTED.slice('basic '.length)
    const leaks = (text: string) => text.includes(TOKEN) || text.includes(encoded)
    for (const entry of readdirSync(m.directory, { recursive: true, encoding: 'utf8' })) {
      const path = join(m.directory, entry)
      if (statSync(path).isFile())
        expect([entry, leaks(readFileSync(path, 'latin1'))]).toEqual([entry, false])
    }
    let commands: string[] = []
    state.onHang = () => {
      commands = commandLines()
    }
    const errors = [
      await failure(mirror(1200).fetch({ ...remote(`hang/${'r'}`), commits: [id] })),
      await failure(mirror().fetch({ ...remote('none/r'), commits: [id] })),
      await failure(mirror().fetch({ ...remote('moved/r'), commits: [id] })),
      await failure(
        mirror().fetch({
          url: `${state.origin}/${TOKEN}/${encoded}`,
          token: TOKEN,
          commits: ['0'.repeat(40)],
        }),
      ),
      await failure(mirror().fetch({ url: `http://127.0.0.1:1/${TOKEN}`, token: TOKEN, commits: [id] })),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(error instanceof CommitMissing ? CommitMissing : FetchFailed)
      expect(leaks(`${error.message}${error.stack ?? ''}${JSON.stringify(error)}`)).toBe(false)
    }
    if (process.platform === 'linux') expect(commands.some((text) => text.includes('remote-http'))).toBe(true)
    expect(commands.filter(leaks)).toEqual([])
  })

  it('does not travel to where a redirect points', async () => {
    state.heard.length = 0
    const error = await failure(mirror().fetch({ ...remote('moved/r.git'), commits: ['a'.repeat(40)] }))
    expect(error).toMatchObject({ reason: 'redirected' })
    expect(state.heard).toEqual([EXPECTED])
  })

  it('that is refused, or not given, is said in a sentence', async () => {
    for (const token of ['wrong', null]) {
      const error = await failure(mirror().fetch({ ...remote('o/r.git', token), commits: ['a'.repeat(40)] }))
      expect(error).toMatchObject({ reason: 'unauthorized' })
      expect(error.message).toMatch(/^the remote repository refuses the token/)
    }
    const error = await failure(mirror().fetch({ ...remote('none/r.git'), commits: ['a'.repeat(40)] }))
    expect(error).toMatchObject({ reason: 'not-found' })
  })
})

describe('trouble', () => {
  it('with a server that hangs ends in time, and leaves no lock', async () => {
    const id = served({ a: 'h' })
    const locks = (m: Mirror) => readdirSync(m.directory).filter((name) => name.endsWith('.lock'))
    for (const where of ['hang', 'stall']) {
      const m = mirror(1200)
      let held: string[] = []
      state.onHang = () => {
        held = locks(m)
      }
      const started = Date.now()
      const error = await failure(m.fetch({ ...remote(`${where}/r.git`), commits: [id] }))
      expect(error).toMatchObject({ reason: 'timed-out' })
      expect(Date.now() - started).toBeLessThan(5000)
      expect(held).toEqual(where === 'stall' ? ['shallow.lock'] : [])
      expect(locks(m)).toEqual([])
      const patient = openMirror(join(home, 'cache'), `owner/repo${String(mirrors)}`)
      await patient.fetch({ ...remote(), commits: [id] })
      expect(await m.treeOf(id)).toHaveLength(40)
    }
  })

  it('with the connection is no news about the commit', async () => {
    for (const where of ['cut', '429', '503']) {
      const error = await failure(
        mirror().fetch({ ...remote(`${where}/r.git`), commits: [served({ a: 'cut' })] }),
      )
      expect(error).toMatchObject({ reason: 'unreachable' })
    }
  })

  it('with the lock of a process that died is over when the lock is older than any fetch', async () => {
    const m = mirror(20_000)
    await m.fetch({ ...remote(), commits: [served({ a: 'first' })] })
    const lock = join(m.directory, 'shallow.lock')
    const hourAgo = new Date(Date.now() - 3_600_000)
    writeFileSync(lock, '')
    utimesSync(lock, hourAgo, hourAgo)
    const id = served({ a: 'second' })
    await m.fetch({ ...remote(), commits: [id] })
    expect(await m.treeOf(id)).toHaveLength(40)
    writeFileSync(join(m.directory, 'refs/kept/x.lock'), '')
    const started = Date.now()
    await clearRemains(m.directory, 400)
    expect(Date.now() - started).toBeGreaterThan(250)
    expect(existsSync(join(m.directory, 'refs/kept/x.lock'))).toBe(false)
  })

  it('with what a killed fetch left there is over for a lock of a time to come, and for what had come of a pack', async () => {
    const m = mirror(20_000)
    await m.fetch({ ...remote(), commits: [served({ a: 'before the clock went back' })] })
    const [lock, old, young] = ['shallow.lock', 'objects/pack/tmp_pack_a', 'objects/pack/tmp_pack_b'].map(
      (path) => join(m.directory, path),
    ) as [string, string, string]
    for (const path of [lock, old, young]) writeFileSync(path, '')
    const at = (hours: number): Date => new Date(Date.now() + hours * 3_600_000)
    utimesSync(lock, at(5), at(5))
    utimesSync(old, at(-1), at(-1))
    await m.fetch({ ...remote(), commits: [served({ a: 'after that' })] })
    expect([lock, old, young].map((path) => existsSync(path))).toEqual([false, false, true])
  })

  it('with a lock is none of those who want what is here', async () => {
    const m = mirror(20_000)
    const wanted = { ...remote(), commits: [served({ a: 'here already' })] }
    await m.fetch(wanted)
    const lock = join(m.directory, 'shallow.lock')
    writeFileSync(lock, '')
    await m.fetch(wanted)
    expect(existsSync(lock)).toBe(true)
  })

  it('with too many packs is tidied away, and the commits in use stay', async () => {
    const m = mirror()
    const ids = [served({ a: 't1' }), served({ a: 't2' })]
    for (const id of ids) await m.fetch({ ...remote(), commits: [id] })
    const packs = () =>
      readdirSync(join(m.directory, 'objects/pack')).filter((name) => name.endsWith('.pack'))
    expect(packs()).toHaveLength(2)
    await tidy(m.directory, { packs: 2, commits: 1 })
    expect(packs()).toHaveLength(1)
    expect(git(m.directory, 'for-each-ref', '--format=%(refname)')).toBe(`refs/kept/${ids[1] ?? ''}`)
    await m.fetch({ ...remote(), commits: ids })
    for (const id of ids) expect(await gitTree(m.directory, id).files()).not.toHaveLength(0)
    expect(git(m.directory, 'fsck', '--connectivity-only')).not.toMatch(/missing|broken/)
  })
})

describe('the server of these tests', () => {
  it('takes gzip bodies and the older protocols, and only reads', async () => {
    const id = served({ a: 'gzip' })
    const body = `0032want ${id}\n00000009done\n`
    const reply = await fetch(`${state.origin}/o/r.git/git-upload-pack`, {
      method: 'POST',
      headers: { authorization: EXPECTED, 'content-encoding': 'gzip' },
      body: gzipSync(body),
    })
    expect(Buffer.from(await reply.arrayBuffer()).toString('latin1', 0, 12)).toBe('0008NAK\nPACK')
    const header = `http.extraHeader=Authorization: ${EXPECTED}`
    for (const version of ['0', '1', '2']) {
      const args = [
        '-c',
        header,
        '-c',
        `protocol.version=${version}`,
        'ls-remote',
        `${state.origin}/o/r.git`,
        'main',
      ]
      // Not synchronously: the server is in this process.
      expect(await lsRemote(args)).toContain(id)
    }
    const push = await fetch(`${state.origin}/o/r.git/info/refs?service=git-receive-pack`, {
      headers: { authorization: EXPECTED },
    })
    expect(push.status).toBe(403)
  })
})

async function lsRemote(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('git', args, (error, stdout) => {
      if (error === null) resolve(stdout)
      else reject(new Error(error.message))
    })
  })
}

/** The command lines of every process of this machine, as any user of it can see them. */
function commandLines(): string[] {
  return execFileSync('ps', ['-eo', 'args', '-ww'], { encoding: 'utf8' }).split('\n')
}
