// A mirror is a cache: whatever a full disk or a lost machine made of it, pull requests are judged.
import { chmodSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'

const cut = (mirror: string, ending: string): void => {
  const packs = join(mirror, 'objects/pack')
  for (const name of readdirSync(packs).filter((one) => one.endsWith(ending))) {
    chmodSync(join(packs, name), 0o644)
    truncateSync(join(packs, name), 60)
  }
}
const gone = (path: string): void => {
  rmSync(path, { recursive: true })
}

const DAMAGE: Readonly<Record<string, (mirror: string) => void>> = {
  'a pack that ends too soon': (mirror) => {
    cut(mirror, '.pack')
  },
  'an index that ends too soon': (mirror) => {
    cut(mirror, '.idx')
  },
  'an empty HEAD': (mirror) => {
    truncateSync(join(mirror, 'HEAD'))
  },
  'no HEAD': (mirror) => {
    gone(join(mirror, 'HEAD'))
  },
  'no objects': (mirror) => {
    gone(join(mirror, 'objects'))
  },
  'no refs': (mirror) => {
    gone(join(mirror, 'refs'))
  },
  'a configuration of noughts': (mirror) => {
    writeFileSync(join(mirror, 'config'), '[core\n\0\0\0')
  },
  'a file in its place': (mirror) => {
    gone(mirror)
    writeFileSync(mirror, 'a file')
  },
}

for (const [name, damage] of Object.entries(DAMAGE))
  scenario(`a mirror with ${name}`, async ({ github, app, cache }) => {
    const repository = await github.repository({ files: SHOP })
    const [first, second] = [
      await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } }),
      await repository.pullRequest({ changes: { 'shop/netpol.yaml': `# 2\n${ALLOW_WEB}` } }),
    ]
    await app.hears(first.opened())
    damage(join(cache, 'acme/platform.git'))
    await app.hears(second.opened())
    await app.hears(first.pushes({ 'shop/netpol.yaml': `# 1\n${ALLOW_WEB}` }))
    for (const { check } of [first, second])
      expect(check).toMatchObject({ status: 'completed', output: { title: '1 error introduced' } })
  })
