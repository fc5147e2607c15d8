import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { git, scene } from './support.ts'

test('git clones and fetches with an installation token, and with nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clone-'))
  try {
    await scene(async ({ github, repo, pull }) => {
      const token = github.token({ repositories: ['platform'], permissions: { contents: 'read' } })
      const target = join(folder, 'whole')
      expect(await git(token, ['clone', '--quiet', repo.cloneUrl, target])).toMatchObject({ code: 0 })
      expect(await readFile(join(target, 'b.yaml'), 'utf8')).toBe('b\n')
      // The stand-in writes objects itself: git finds nothing wrong with them.
      const checked = await git('', ['--git-dir', repo.path, 'fsck', '--strict', '--no-dangling'])
      expect(checked).toMatchObject({ code: 0, stderr: '' })

      const fork = await repo.pullRequest({ changes: { 'b.yaml': 'fork\n' }, fork: { owner: 'guest' } })
      const bare = join(folder, 'bare')
      await git('', ['init', '--quiet', '--bare', bare])
      const fetch = ['--git-dir', bare, 'fetch', '--quiet', '--depth=1', '--filter=blob:none', repo.cloneUrl]
      expect(await git(token, [...fetch, pull.head, fork.head])).toMatchObject({ code: 0 })
      const ref = await git(token, ['ls-remote', repo.cloneUrl, `refs/pull/${String(fork.number)}/head`])
      expect(ref.stdout).toContain(fork.head)

      const attempt = async (who: string) => (await git(who, ['ls-remote', repo.cloneUrl])).code
      expect(await attempt('')).not.toBe(0)
      expect(await attempt('ghs_wrong')).not.toBe(0)
      expect(await attempt(github.token({ permissions: { issues: 'write' } }))).not.toBe(0)
      const nobody = await fetchStatus(`${repo.cloneUrl}/info/refs?service=git-upload-pack`)
      expect(nobody).toBe(401)
      github.expireTokens()
      expect(await attempt(token)).not.toBe(0)
      github.assertClean()
      expect(github.count({ path: /info\/refs/ })).toBeGreaterThan(3)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

async function fetchStatus(url: string): Promise<number> {
  return (await fetch(url)).status
}
