// A disk that takes nothing more. What git says of one was seen on a full tmpfs, and on one that is mounted read-only.
import { expect, it } from 'vitest'
import { GitError } from '../../src/git/command.ts'
import { diskFailureOf, failureOf } from '../../src/git/fetch.ts'
import { publicReason } from '../../src/jobs/reason.ts'

const REMOTE = { url: 'https://git.example/acme/platform.git', token: null }
const said = (stderr: string): GitError => new GitError('failed', 'git fetch failed', stderr)

it.each([
  [
    'a pack',
    said('fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output'),
  ],
  ['a lock', said('fatal: failed to write to /cache/a/b.git/shallow.lock: No space left on device')],
  ['a quota', said('fatal: write error: Disk quota exceeded\nfatal: early EOF')],
  ['a new mirror', said('fatal: cannot mkdir /cache/a: Read-only file system')],
  ['a folder', Object.assign(new Error('EROFS: read-only file system, mkdir'), { code: 'EROFS' })],
])('%s that cannot be written is told as what it is', (_, error) => {
  const failure = diskFailureOf(error)
  expect(failure?.reason).toBe('disk')
  expect(publicReason(failure)).toBe('The app cannot write to its own disk, which is full or read-only.')
})

it('the disk of the other side is the other side’s', () => {
  const error = said('remote: fatal: write error: No space left on device\nfatal: early EOF')
  expect(diskFailureOf(error)).toBeNull()
  expect(failureOf(error, REMOTE)).toMatchObject({ reason: 'unreachable' })
  expect(diskFailureOf(Object.assign(new Error('no'), { code: 'ENOENT' }))).toBeNull()
})
