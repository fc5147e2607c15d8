// A cache that outlives the process gives back what it was given, or nothing, and never grows without end.
import { chmodSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskCache } from '../../src/manifests/render-cache.ts'
import { folder } from '../cli/command.ts'

function filesIn(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile())
}

describe('renderings on disk', () => {
  it('are there for the next process, by key', async () => {
    const root = join(folder({}), 'rendered')
    await diskCache(root).set('a', 'one')
    const next = diskCache(root)
    expect([await next.get('a'), await next.get('b')]).toEqual(['one', null])
  })

  it('are for nobody else to read', async () => {
    const root = join(folder({}), 'rendered')
    await diskCache(root).set('a', 'one')
    expect(filesIn(root).map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['600'])
  })

  it('let go first of what was not asked for longest', async () => {
    const root = join(folder({}), 'rendered')
    const before = diskCache(root)
    for (const key of ['old', 'asked for']) await before.set(key, 'x'.repeat(400))
    for (const path of filesIn(root)) utimesSync(path, new Date(0), new Date(0))
    expect(await before.get('asked for')).not.toBeNull()
    // A new cache looks at how much there is with its first text.
    const next = diskCache(root, 1000)
    await next.set('new', 'x'.repeat(400))
    expect([await next.get('old'), await next.get('new')]).toEqual([null, 'x'.repeat(400)])
    expect(await next.get('asked for')).not.toBeNull()
  })

  it('are forgotten where the disk does not take them', async () => {
    const root = folder({})
    chmodSync(root, 0o500)
    const cache = diskCache(join(root, 'file-in-the-way\0'))
    await cache.set('a', 'one')
    expect(await cache.get('a')).toBeNull()
  })
})
