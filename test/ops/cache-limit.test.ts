// What goes first when the cache on disk is too large, and what must not go at all.
import { createHash } from 'node:crypto'
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openMirror } from '../../src/git/mirror.ts'
import { diskCache } from '../../src/manifests/render-cache.ts'
import { keepWithin } from '../../src/ops/cache-limit.ts'
import { openDisk } from '../../src/remote/disk.ts'
import { remoteServer } from '../git/remote-server.ts'
import { commit, git, repository, sandbox } from '../git/sandbox.ts'

const NOW = new Date('2027-01-31T12:00:00Z')
const HOUR = 60 * 60_000
/** Than anything that is written meanwhile. */
const LATER = new Date('2100-01-31T12:00:00Z')
const TOKEN = 'ghs_12345_not-a-real-token'

/** A file as src/manifests/render-cache.ts names it. */
const rendering = (key: string): string => {
  const name = createHash('sha256').update(key).digest('hex')
  return `_rendered/${name.slice(0, 2)}/${name}`
}

describe('the cache on disk', () => {
  const home = sandbox()
  const remote = remoteServer(home, TOKEN)
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ambient-guard-cache-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })
  const put = async (path: string, bytes: number, hoursAgo: number): Promise<void> => {
    const file = join(directory, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, Buffer.alloc(bytes))
    const then = new Date(NOW.getTime() - hoursAgo * HOUR)
    await utimes(file, then, then)
  }
  const left = async (): Promise<string[]> =>
    (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
      .sort()

  it('is left alone below the limit', async () => {
    await put('acme/shop.git/objects/pack/a.pack', 90_000, 900)
    expect(await keepWithin(directory, 200_000, NOW)).toMatchObject({ dropped: 0 })
    expect(await left()).toEqual(['acme/shop.git/objects/pack/a.pack'])
  })

  it('lets go of whole mirrors and of single renderings, those used longest ago first', async () => {
    await put('acme/old.git/objects/pack/a.pack', 90_000, 900)
    await put('acme/old.git/refs/kept/1', 41, 50)
    await put('acme/busy.git/objects/pack/a.pack', 90_000, 900)
    await put('acme/busy.git/refs/kept/1', 41, 3)
    await put(rendering('older'), 10_000, 60)
    await put(rendering('newer'), 10_000, 2)
    // Somebody looked into its folder just now, as this does itself.
    await utimes(join(directory, 'acme/old.git'), NOW, NOW)
    const kept = await keepWithin(directory, 150_000, NOW)
    expect(await left()).toEqual([
      rendering('newer'),
      'acme/busy.git/objects/pack/a.pack',
      'acme/busy.git/refs/kept/1',
    ])
    expect(kept.dropped).toBe(2)
    expect(kept.bytes).toBeGreaterThan(100_000)
    expect(kept.bytes).toBeLessThan(150_000)
  })

  it('lets go of nothing that a job may be using', async () => {
    await put('acme/shop.git/objects/pack/a.pack', 90_000, 900)
    await put('acme/shop.git/refs/kept/1', 41, 0.5)
    expect(await keepWithin(directory, 0, NOW)).toMatchObject({ dropped: 0 })
  })

  it('clears away what a process that died left half made', async () => {
    await put('acme/shop.git.new-Ab1xY2/HEAD', 90_000, 30)
    await put('acme/shop.git.new-Ab1xY3/config.lock', 90_000, 30)
    await put('acme/shop.git.new-Ab1xY4.dropped/HEAD', 90_000, 30)
    await put('acme/other.git.dropped/HEAD', 90_000, 30)
    await put('acme/another.git.dropped.dropped/HEAD', 90_000, 30)
    await put(`${rendering('half')}.dropped`, 90_000, 30)
    await put(`${rendering('half')}.0b7a7f8e-0000-4000-8000-000000000000`, 90_000, 30)
    await put('acme/shop.git/refs/kept/1', 10_000, 2)
    await keepWithin(directory, 30_000, NOW)
    expect(await left()).toEqual(['acme/shop.git/refs/kept/1'])
    expect(await readdir(join(directory, 'acme'))).toEqual(['shop.git'])
  })

  it('goes no further than it must, and may be as large as its limit', async () => {
    for (const hours of [5, 4, 3, 2]) await put(rendering(String(hours)), 1000, hours)
    expect(await keepWithin(directory, 4000, NOW)).toEqual({ bytes: 4000, dropped: 0 })
    expect(await keepWithin(directory, 2000, NOW)).toEqual({ bytes: 2000, dropped: 2 })
    expect(await left()).toEqual([rendering('2'), rendering('3')].sort())
  })

  it('knows that reading is use, for an hour and no longer', async () => {
    const [read, written, justNowOld] = ['read', 'written', 'just-now-old'].map(rendering) as [
      string,
      string,
      string,
    ]
    for (const path of [read, written]) await put(path, 1000, 900)
    await put(justNowOld, 1000, 1)
    await utimes(join(directory, read), new Date(NOW.getTime() - HOUR + 1000), new Date(0))
    await utimes(join(directory, written), new Date(0), new Date(NOW.getTime() - HOUR + 1000))
    expect(await keepWithin(directory, 0, NOW)).toEqual({ bytes: 2000, dropped: 1 })
    expect(await left()).toEqual([read, written].sort())
  })

  it('knows all that the app puts there', async () => {
    const id = commit(repository(home, 'work'), { 'a.yaml': 'a: 1\n' })
    git(home, 'clone', '-q', '--bare', 'work', 'served.git')
    // Owners may be called nearly what the other folders are: no name of one begins with a line.
    for (const key of ['Acme/Shop', 'rendered/ab', 'remote/shop'])
      await openMirror(directory, key).fetch({
        url: `${remote.origin}/acme/shop.git`,
        token: TOKEN,
        commits: [id],
      })
    await diskCache(join(directory, '_rendered')).set('key', 'text')
    const disk = openDisk(join(directory, '_remote'))
    // As src/remote/chart.ts and src/remote/git-folder.ts name them.
    const digest = createHash('sha256').update('chart').digest('hex')
    for (const name of [`sha256-${digest}.tgz`, `git-${id}.pack`, `git-${id}-${digest}.pack`])
      await disk.put(name, Buffer.from('bytes'))
    expect(await keepWithin(directory, 0, LATER)).toEqual({ bytes: 0, dropped: 7 })
    expect(await left()).toEqual([])
    git(directory, 'clone', '-q', '--bare', join(home, 'work'), 'acme/theirs.git')
    expect(await keepWithin(directory, 0, LATER)).toEqual({ bytes: 0, dropped: 0 })
    expect(git(join(directory, 'acme/theirs.git'), 'rev-parse', 'HEAD')).toBe(id)
  })

  it('leaves what is not of the app where it is, and does not count it', async () => {
    const [id, digest] = ['a'.repeat(40), 'a'.repeat(64)]
    const foreign = [
      'thesis.pdf',
      'private-key.pem',
      digest,
      'backups/db.dump',
      `backups/${digest}`,
      'backups/2027/acme.git/refs/kept/1',
      'top.git/HEAD',
      'top.git/refs/kept/1',
      'their/project.git/HEAD',
      'their/project.git/packed-refs',
      'their/project.git/refs/heads/main',
      'their/kept.git/HEAD',
      'their/kept.git/refs/heads/kept',
      'their/project.git.new-backup/HEAD',
      'their/project.git.new-backup/description',
      'their/refs/kept/1',
      'their/copy/refs/kept/1',
      `their/ab/${digest}`,
      '_rendered/report.pdf',
      '_rendered/ab/report.pdf',
      `_rendered/2027/${digest}`,
      `_rendered/${digest}`,
      '_remote/notes.txt',
      `_remote/copies/git-${id}.pack`,
    ].sort()
    for (const path of foreign) await put(path, 1000, 900)
    await put(rendering('ours'), 1000, 900)
    await put('their/own.git/refs/kept/1', 1000, 900)
    expect((await keepWithin(directory, 0, NOW)).dropped).toBe(2)
    expect(await left()).toEqual(foreign)
    expect(await keepWithin(directory, 0, NOW)).toEqual({ bytes: 0, dropped: 0 })
  })

  it('follows no link out of it', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'ambient-guard-outside-'))
    try {
      const name = 'a'.repeat(64)
      await mkdir(join(outside, 'shop.git/refs/kept'), { recursive: true })
      await writeFile(join(outside, name), Buffer.alloc(90_000))
      await mkdir(join(directory, '_rendered/ab'), { recursive: true })
      await put('acme/shop.git/refs/kept/1', 1000, 900)
      const links = [
        ['acme.git', outside],
        ['acme/linked.git', join(outside, 'shop.git')],
        ['other', outside],
        ['_remote', outside],
        ['_rendered/aa', outside],
        [`_rendered/ab/${name}`, join(outside, name)],
        ['acme/shop.git/refs/kept/folder', outside],
      ] as const
      for (const [path, target] of links) await symlink(target, join(directory, path))
      const kept = await keepWithin(directory, 0, LATER)
      expect(kept).toEqual({ bytes: 0, dropped: 1 })
      expect((await readdir(outside)).sort()).toEqual([name, 'shop.git'])
      for (const [path] of links.slice(0, -1))
        expect((await lstat(join(directory, path))).isSymbolicLink()).toBe(true)
    } finally {
      await rm(outside, { recursive: true, force: true })
    }
  })

  it('need not be there', async () => {
    expect(await keepWithin(join(directory, 'none'), 0, NOW)).toEqual({ bytes: 0, dropped: 0 })
  })
})
