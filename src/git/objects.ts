// Objects of a git repository by id: names resolved, blobs read in bulk, and the id that given bytes would have.
import { createHash } from 'node:crypto'
import { git, GitError, line } from './command.ts'
import { objectReader } from './reader.ts'

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
  return named === null ? null : peel(directory, named, type)
}

async function peel(directory: string, id: string, type: 'commit' | 'tree'): Promise<string | null> {
  const [found] = await objectReader(directory).info([`${id}^{${type}}`])
  return found?.id ?? null
}

/** What `path` is in a tree: the id of a subtree, or null where there is none. */
export async function subtree(directory: string, tree: string, path: string): Promise<string | null> {
  if (path === '') return tree
  const named = await verify(directory, `${tree}:${path}`)
  return named === null ? null : peel(directory, named, 'tree')
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

/** The bytes of many blobs by id. @throws GitError `missing-object`: nothing is fetched on the way */
export async function readBlobs(
  directory: string,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = [...new Set(ids)]
  const found = await objectReader(directory).read(wanted)
  return new Map(found.map((blob, index) => [wanted[index] ?? '', asBlob(blob, wanted[index]).bytes]))
}

/** The sizes in bytes of blobs by id. @throws GitError `missing-object` */
export async function blobSizes(
  directory: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = await objectReader(directory).info(ids)
  return new Map(found.map((blob, index) => [ids[index] ?? '', asBlob(blob, ids[index]).size]))
}

function asBlob<T extends { readonly type: string }>(found: T | null, id = ''): T {
  if (found?.type !== 'blob') throw new GitError('missing-object', `the repository does not have blob ${id}`)
  return found
}
