// A folder of a remote git repository at a tag or commit: the trees of one commit, then the files that can matter, and
// nothing else of a repository that may be large. What comes is believed because its ids are hashes of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { git, GitError } from '../git/command.ts'
import { blobSizes, isObjectId, readBlobs } from '../git/objects.ts'
import type { TreeFile } from '../git/tree.ts'
import type { Fetched } from '../manifests/unit.ts'
import { hostOf } from './allow.ts'
import { openGitRemote } from './git-protocol.ts'
import type { GitRemote } from './git-protocol.ts'
import { isPlainPath } from './paths.ts'
import { sha256 } from './means.ts'
import type { Means } from './means.ts'
import { LATER, Refusal, VENDOR, notPinned, quoted } from './refusal.ts'
import type { Reference } from './reference.ts'

/** @throws Refusal */
export async function fetchGitFolder(
  { url, path, ref }: Extract<Reference, { readonly kind: 'git' }>,
  means: Means,
): Promise<Fetched> {
  let greeted: Promise<GitRemote> | null = null
  const remote = (): Promise<GitRemote> => (greeted ??= openGitRemote(url, means))
  const commit = isObjectId(ref) ? ref : await commitOf(await remote(), ref)
  const scratch = await mkdtemp(join(tmpdir(), 'ambient-guard-remote-'))
  try {
    const format = commit.length === 64 ? 'sha256' : 'sha1'
    await git(['init', '--bare', '--quiet', '--template=', `--object-format=${format}`, '.'], {
      cwd: scratch,
    })
    const bring = (name: string, ids: readonly string[], files: boolean): Promise<void> =>
      bringPack(scratch, name, ids, means, async () => (await remote()).pack(ids, { files }))
    await bring(`git-${commit}.pack`, [commit], false)
    const listed = await listing(scratch, commit, means)
    const wanted = choose(listed, path, means)
    const missing = await absent(
      scratch,
      wanted.map(({ id }) => id),
    )
    if (missing.length > 0) await bring(`git-${commit}-${sha256(missing.join())}.pack`, missing, true)
    return {
      ok: true,
      files: await contents(scratch, wanted, means),
      entry: path,
      id: `git:${commit}:${path}`,
    }
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    if (error.reason === 'timed-out') throw new Refusal(`${hostOf(url)} did not answer in time`, LATER)
    if (error.reason === 'not-found')
      throw new Refusal('git, which reads it, is not installed', 'Install git.')
    throw new Refusal('what its repository sends is not what was asked for', VENDOR)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A tag stays, as far as anybody can ask for; of a tag and a branch of one name git takes the tag, and so do we. */
async function commitOf(remote: GitRemote, ref: string): Promise<string> {
  const short = ref.replace(/^(?:refs\/)?tags\//, '')
  if (!/^[\w.+@/-]{1,200}$/.test(short))
    throw notPinned(`${quoted(ref)} is no tag`, 'a tag or a full commit id')
  const [tag, branch] = [`refs/tags/${short}`, `refs/heads/${ref}`]
  const refs = await remote.refs([tag, branch])
  const id = refs.get(tag)
  if (id !== undefined && isObjectId(id)) return id
  const what = refs.has(branch)
    ? 'is a branch, which moves on'
    : 'is neither a tag nor a full commit id there'
  throw notPinned(`${quoted(ref)} ${what}`, 'a tag or a full commit id')
}

/** A pack that unpacks to more memory than this was made to. */
const MEMORY_BYTES = 1024 * 1024 * 1024

/** From the disk, else from the remote. What does not bring these objects is not kept, and asked for again. */
async function bringPack(
  scratch: string,
  name: string,
  ids: readonly string[],
  { disk, deadline }: Means,
  download: () => Promise<Uint8Array>,
): Promise<void> {
  const index = async (pack: Uint8Array): Promise<void> => {
    await git(['index-pack', '--stdin', '--threads=1'], {
      cwd: scratch,
      env: { GIT_DIR: scratch },
      input: pack,
      timeoutMs: deadline.left(),
      limits: { memoryBytes: MEMORY_BYTES },
    })
    const [missing] = await absent(scratch, ids)
    if (missing !== undefined) throw new GitError('missing-object', `the pack does not have ${missing}`)
  }
  const known = await disk.get(name)
  if (known !== null) {
    try {
      await index(known)
      return
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      await disk.drop(name)
    }
  }
  const pack = await download()
  await index(pack)
  await disk.put(name, pack)
}

async function listing(scratch: string, commit: string, { deadline }: Means): Promise<readonly TreeFile[]> {
  // Without sizes, which git would have to look into the files for.
  const done = await git(['ls-tree', '-r', '-z', '--full-tree', commit], {
    cwd: scratch,
    env: { GIT_DIR: scratch },
    timeoutMs: deadline.left(),
    // Trees that name each other often enough list more files than there are atoms.
    maxOutputBytes: 16 * 1024 * 1024,
  })
  return done.stdout
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => {
      const [, mode = '', id = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t([^]*)$/.exec(entry) ?? []
      return path === '' ? [] : [{ path, mode, id, size: 0 }]
    })
}

/**
 * The folder with all that is in it; of the rest of the repository what a kustomization there may lead to: YAML and
 * JSON. What is left out and needed after all is a file that is missing when it is rendered, and told as such.
 */
function choose(listed: readonly TreeFile[], path: string, { limits }: Means): readonly TreeFile[] {
  const inside = listed.filter(
    (file) => path === '.' || file.path === path || file.path.startsWith(`${path}/`),
  )
  if (inside.length === 0)
    throw new Refusal(`its repository has no ${quoted(path)} at that ref`, 'Correct the path or the ref.')
  const special = inside.find(({ mode }) => !mode.startsWith('100'))
  if (special !== undefined) {
    const what = special.mode === '160000' ? 'a submodule' : 'a symbolic link'
    throw new Refusal(`${quoted(special.path)} in its repository is ${what}, which is not followed`, VENDOR)
  }
  const known = new Set(inside)
  const wanted = listed.filter(
    (file) =>
      known.has(file) ||
      (file.mode.startsWith('100') && /(?:\.(?:ya?ml|json)|(?:^|\/)Kustomization)$/.test(file.path)),
  )
  const astray = wanted.find((file) => !isPlainPath(file.path))
  if (astray !== undefined) throw new Refusal(`its repository holds the path ${quoted(astray.path)}`, VENDOR)
  if (wanted.length > limits.files)
    throw new Refusal(`its repository holds more than ${String(limits.files)} files that may matter`, VENDOR)
  return wanted
}

/** Ids that are not here; `git cat-file` says so of each, and brings nothing. */
async function absent(scratch: string, ids: readonly string[]): Promise<readonly string[]> {
  const unique = [...new Set(ids)].sort()
  const done = await git(['cat-file', '--batch-check'], {
    cwd: scratch,
    env: { GIT_DIR: scratch },
    input: unique.map((id) => `${id}\n`).join(''),
  })
  return done.stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line.endsWith(' missing') ? (line.split(' ')[0] ?? []) : []))
}

async function contents(
  scratch: string,
  wanted: readonly TreeFile[],
  { limits }: Means,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const sizes = await blobSizes(scratch, [...new Set(wanted.map(({ id }) => id))])
  const total = wanted.reduce((sum, { id }) => sum + (sizes.get(id) ?? 0), 0)
  if (total > limits.unpackedBytes)
    throw new Refusal(
      `its repository holds more than ${String(limits.unpackedBytes / 1024 / 1024)} MiB that may matter`,
      VENDOR,
    )
  const bytes = await readBlobs(scratch, sizes.keys())
  return new Map(
    wanted.flatMap(({ path, id }) => {
      const content = bytes.get(id)
      return content === undefined ? [] : [[path, content] as const]
    }),
  )
}
