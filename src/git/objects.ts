// Objects of a git repository by id: names resolved, blobs read in bulk, and the id that given bytes would have.
import { createHash } from 'node:crypto'
import { git, GitError, line } from './command.ts'

/** Of the repository; `sha1` outside of one. */
export type ObjectFormat = 'sha1' | 'sha256'

/** A full object id, of either format. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

/** The id git gives these bytes as a blob: the hash of `blob <size>\0<bytes>`, as `git hash-object --no-filters` says. */
export function blobId(bytes: Uint8Array, format: ObjectFormat = 'sha1'): string {
  return createHash(format)
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex')
}

/**
 * The id of what a revision names, peeled to a commit or a tree; null when there is no such thing. The revision may
 * be anything a user typed: it is never read as an option.
 */
export async function resolveObject(
  directory: string,
  revision: string,
  type: 'commit' | 'tree',
): Promise<string | null> {
  const named = isObjectId(revision) ? revision : await verify(directory, revision)
  // Peeled in a second step, because in `HEAD:dir` and `:/message` a suffix would belong to the path or the message.
  return named === null ? null : verify(directory, `${named}^{${type}}`)
}

/** What `path` is in a tree: the id of a subtree, or null where there is none. */
export async function subtree(directory: string, tree: string, path: string): Promise<string | null> {
  if (path === '') return tree
  const named = await verify(directory, `${tree}:${path}`)
  return named === null ? null : verify(directory, `${named}^{tree}`)
}

/** The tree of a commit. @throws GitError `missing-object` */
export async function treeOf(directory: string, commit: string): Promise<string> {
  const tree = await resolveObject(directory, commit, 'tree')
  if (tree === null) throw new GitError('missing-object', `the repository does not have ${commit}`)
  return tree
}

async function verify(directory: string, revision: string): Promise<string | null> {
  if (revision === '' || revision.includes('\0')) return null
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', revision]
  const done = await git(args, { cwd: directory, accept: [0, 1, 128] })
  const id = line(done)
  return done.code === 0 && isObjectId(id) ? id : null
}

/** A blob to read. `size` in bytes, as the tree lists it. */
export interface BlobRef {
  readonly id: string
  readonly size: number
}

const BATCH_BYTES = 64 * 1024 * 1024

/**
 * The bytes of many blobs by id, one `git cat-file` for every 64 MiB.
 * @throws GitError `missing-object`, for instance in a partial clone: nothing is fetched on the way.
 */
export async function readBlobs(
  directory: string,
  blobs: Iterable<BlobRef>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const batch of batches(new Map([...blobs].map((blob) => [blob.id, blob])).values())) {
    const done = await git(['cat-file', '--batch'], {
      cwd: directory,
      input: batch.map(({ id }) => `${id}\n`).join(''),
      maxOutputBytes: batch.reduce((sum, { size }) => sum + size + 128, 0),
    })
    let at = 0
    for (const { id } of batch) {
      const end = done.stdout.indexOf(0x0a, at)
      const header = done.stdout.toString('latin1', at, end).split(' ')
      if (header[1] !== 'blob')
        throw new GitError('missing-object', `the repository does not have blob ${id}`)
      const size = Number(header[2])
      // Copied: a slice would keep the whole batch alive for as long as somebody remembers one file of it.
      found.set(id, new Uint8Array(done.stdout.subarray(end + 1, end + 1 + size)))
      at = end + 1 + size + 1
    }
  }
  return found
}

/** The sizes in bytes of blobs by id. @throws GitError `missing-object` */
export async function blobSizes(
  directory: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const done = await git(['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    cwd: directory,
    input: ids.map((id) => `${id}\n`).join(''),
  })
  const sizes = new Map<string, number>()
  for (const text of line(done).split('\n')) {
    const [id = '', size = ''] = text.split(' ')
    if (size === 'missing') throw new GitError('missing-object', `the repository does not have blob ${id}`)
    sizes.set(id, Number(size))
  }
  return sizes
}

function* batches(blobs: Iterable<BlobRef>): Generator<readonly BlobRef[]> {
  let batch: BlobRef[] = []
  let bytes = 0
  for (const blob of blobs) {
    if (batch.length > 0 && bytes + blob.size > BATCH_BYTES) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(blob)
    bytes += blob.size
  }
  if (batch.length > 0) yield batch
}
