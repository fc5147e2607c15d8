// What goes first when the cache on disk is too large, and what must not go at all.
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepWithin } from '../../src/ops/cache-limit.ts'

const NOW = new Date('2027-01-31T12:00:00Z')
const HOUR = 60 * 60_000

describe('the cache on disk', () => {
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
    await put('rendered/ab/older', 10_000, 60)
    await put('rendered/ab/newer', 10_000, 2)
    // Somebody looked into its folder just now, as this does itself.
    await utimes(join(directory, 'acme/old.git'), NOW, NOW)
    const kept = await keepWithin(directory, 150_000, NOW)
    expect(await left()).toEqual([
      'acme/busy.git/objects/pack/a.pack',
      'acme/busy.git/refs/kept/1',
      'rendered/ab/newer',
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
    await put('acme/shop.git.new-Ab1/HEAD', 90_000, 30)
    await put('acme/other.git.dropped/HEAD', 90_000, 30)
    await put('acme/shop.git/HEAD', 10_000, 2)
    await keepWithin(directory, 20_000, NOW)
    expect(await left()).toEqual(['acme/shop.git/HEAD'])
    expect(await readdir(join(directory, 'acme'))).toEqual(['shop.git'])
  })

  it('goes no further than it must, and may be as large as its limit', async () => {
    for (const hours of [5, 4, 3, 2]) await put(`rendered/ab/${String(hours)}`, 1000, hours)
    expect(await keepWithin(directory, 4000, NOW)).toEqual({ bytes: 4000, dropped: 0 })
    expect(await keepWithin(directory, 2000, NOW)).toEqual({ bytes: 2000, dropped: 2 })
    expect(await left()).toEqual(['rendered/ab/2', 'rendered/ab/3'])
  })

  it('knows that reading is use, for an hour and no longer', async () => {
    await put('rendered/ab/read', 1000, 900)
    await put('rendered/ab/written', 1000, 900)
    await put('rendered/ab/just-now-old', 1000, 1)
    await utimes(join(directory, 'rendered/ab/read'), new Date(NOW.getTime() - HOUR + 1000), new Date(0))
    await utimes(join(directory, 'rendered/ab/written'), new Date(0), new Date(NOW.getTime() - HOUR + 1000))
    expect(await keepWithin(directory, 0, NOW)).toEqual({ bytes: 2000, dropped: 1 })
    expect(await left()).toEqual(['rendered/ab/read', 'rendered/ab/written'])
  })

  it('follows no link out of it', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'ambient-guard-outside-'))
    try {
      await writeFile(join(outside, 'other'), Buffer.alloc(90_000))
      await symlink(outside, join(directory, 'folder'))
      await symlink(join(outside, 'other'), join(directory, 'file'))
      expect(await keepWithin(directory, 1000, NOW)).toMatchObject({ dropped: 0 })
      expect(await keepWithin(directory, 0, new Date(Date.now() + 2 * HOUR))).toEqual({
        bytes: 0,
        dropped: 2,
      })
      expect(await readdir(outside)).toEqual(['other'])
    } finally {
      await rm(outside, { recursive: true, force: true })
    }
  })

  it('need not be there', async () => {
    expect(await keepWithin(join(directory, 'none'), 0, NOW)).toEqual({ bytes: 0, dropped: 0 })
  })
})
