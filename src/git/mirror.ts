// Commits of a remote repository, kept in a bare repository on disk. It is a cache: deleting it loses nothing.
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { git, line } from './command.ts'
import { CommitMissing, diskFailureOf, failureOf, type Remote, remoteOptions } from './fetch.ts'
import { type Merge, type MergeSides, trueMerge } from './merge.ts'
import { isObjectId, treeOf } from './objects.ts'
import { clearRemains, tidy, touch } from './upkeep.ts'

export interface FetchRequest extends Remote {
  /** Full ids. Those already here cost nothing. */
  readonly commits: readonly string[]
  /** Full names, such as `refs/pull/7/head`, whose tips may be those commits, should the server refuse ids. */
  readonly refs?: readonly string[]
}

export interface MirrorOptions {
  /** For everything one call of `fetch` asks the remote, in milliseconds; 120 s by default. */
  readonly timeoutMs?: number
  /** What the network of this machine wants of git, by environment: HTTPS_PROXY, NO_PROXY, GIT_SSL_CAINFO. */
  readonly network?: Readonly<Record<string, string>>
}

export interface Mirror {
  /** The bare repository, for `gitTree`. It exists after the first fetch. */
  readonly directory: string
  /**
   * Brings exactly these commits with their trees, and nothing of their history. Calls for the same mirror wait for
   * each other. @throws CommitMissing, FetchFailed
   */
  fetch(request: FetchRequest): Promise<void>
  /** Lets go of all of it: the next fetch begins from nothing. */
  drop(): Promise<void>
  /** The tree of a commit that was fetched. @throws GitError `missing-object` */
  treeOf(commit: string): Promise<string>
  /** What merging two fetched commits gives. @throws GitError `missing-object` */
  trueMerge(sides: MergeSides): Promise<Merge>
  /** The paths in which two commits differ; null where one of them is not here. */
  changed(from: string, to: string): Promise<readonly string[] | null>
}

/** The mirror of `owner/repo` (in any case of letters) under `cacheDirectory`. Nothing is written before `fetch`. */
export function openMirror(cacheDirectory: string, key: string, options: MirrorOptions = {}): Mirror {
  if (!/^[\w.-]+\/[\w.-]+$/.test(key) || key.split('/').some((part) => /^\.+$/.test(part))) {
    throw new Error(`${JSON.stringify(key)} is not owner/repo`)
  }
  const directory = `${join(resolve(cacheDirectory), key.toLowerCase())}.git`
  const timeoutMs = options.timeoutMs ?? 120_000
  return {
    directory,
    fetch: (request) =>
      oneAtATime(directory, async () => {
        check(request)
        const isComplete = (await absent(directory, request.commits)).length === 0
        if (!isComplete) {
          try {
            await create(directory)
            // Only who writes here is in the way of a lock.
            await clearRemains(directory, timeoutMs)
            await bring({
              directory,
              deadline: Date.now() + timeoutMs,
              network: options.network ?? {},
              request,
            })
          } catch (error) {
            throw diskFailureOf(error) ?? error
          }
        }
        await touch(
          directory,
          request.commits.map((id) => KEPT + id),
        )
        if (!isComplete) await tidy(directory)
      }),
    drop: () => oneAtATime(directory, () => rm(directory, { recursive: true, force: true })),
    treeOf: (commit) => treeOf(directory, commit),
    trueMerge: (sides) => trueMerge({ directory }, sides),
    changed: (from, to) => changed(directory, from, to),
  }
}

async function changed(directory: string, from: string, to: string): Promise<readonly string[] | null> {
  if (!isObjectId(from) || !isObjectId(to)) return null
  const done = await git(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to], {
    cwd: directory,
    env: { GIT_DIR: directory },
    accept: [0, 128],
  })
  return done.code === 0 ? done.stdout.toString('utf8').split('\0').slice(0, -1) : null
}

interface Job {
  readonly directory: string
  /** Milliseconds, as of Date.now(). */
  readonly deadline: number
  readonly network: Readonly<Record<string, string>>
  readonly request: FetchRequest
}

/**
 * A ref for each commit does three things: it says that the commit came completely, since git writes it last; it
 * lets the next fetch tell the server what is here, so that only the difference travels; it keeps the objects.
 */
const KEPT = 'refs/kept/'

async function bring(job: Job): Promise<void> {
  const { commits, refs = [] } = job.request
  let missing = await absent(job.directory, [...new Set(commits)])
  if (missing.length === 0) return
  if (await fetchKept(job, missing)) return
  // One id that the server does not give spoils the whole request, so each is asked for by itself.
  for (const id of missing.length > 1 ? missing : []) await fetchKept(job, [id])
  missing = await absent(job.directory, missing)
  for (const name of missing.length > 0 ? refs : []) await fetchNamed(job, name, missing)
  const [first] = await absent(job.directory, missing)
  if (first !== undefined) throw new CommitMissing(first)
}

function check({ commits, refs = [] }: FetchRequest): void {
  const bad = commits.find((id) => !isObjectId(id)) ?? refs.find((name) => !isRefName(name))
  if (bad !== undefined) throw new Error(`${JSON.stringify(bad)} is not a full commit id or ref name`)
}

/** False when the server does not give one of these ids; every other trouble is thrown. */
async function fetchKept(job: Job, ids: readonly string[]): Promise<boolean> {
  return fetchRefs(
    job,
    ids.map((id) => `+${id}:${KEPT}${id}`),
  )
}

async function fetchNamed(job: Job, name: string, wanted: readonly string[]): Promise<void> {
  const local = 'refs/named/tip'
  if (!(await fetchRefs(job, [`+${name}:${local}`]))) return
  const tip = line(await here(job, ['rev-parse', '--verify', '--quiet', `${local}^{commit}`], [0, 1, 128]))
  if (wanted.includes(tip)) await here(job, ['update-ref', `${KEPT}${tip}`, tip])
  await here(job, ['update-ref', '-d', local])
}

async function fetchRefs(job: Job, refspecs: readonly string[]): Promise<boolean> {
  const flags = ['--depth=1', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--quiet']
  try {
    await git(['fetch', ...flags, '--', job.request.url, ...refspecs], {
      cwd: job.directory,
      timeoutMs: Math.max(1, job.deadline - Date.now()),
      ...remoteOptions(job.request, { ...job.network, GIT_DIR: job.directory }),
    })
    return true
  } catch (error) {
    const failure = failureOf(error, job.request)
    if (failure === null) throw error
    if (failure instanceof CommitMissing) return false
    throw failure
  }
}

/** Nothing packs refs here, so each is a file of its own; one that is not found is only fetched once more. */
async function absent(directory: string, ids: readonly string[]): Promise<string[]> {
  const kept = await Promise.all(ids.map((id) => exists(join(directory, KEPT, id))))
  return ids.filter((_, index) => kept[index] !== true)
}

function here(job: Job, args: readonly string[], accept: readonly number[] = [0]): ReturnType<typeof git> {
  return git(args, { cwd: job.directory, env: { GIT_DIR: job.directory }, accept })
}

/** Made elsewhere and moved into place, so that a process that dies on the way leaves nothing half made. */
async function create(directory: string): Promise<void> {
  if (await exists(join(directory, 'HEAD'))) return
  await mkdir(dirname(directory), { recursive: true })
  const fresh = await mkdtemp(`${directory}.new-`)
  try {
    await git(['init', '--bare', '--quiet', '--template=', '.'], { cwd: fresh })
    // By this folder the keeper of the cache knows that it is one of ours.
    await mkdir(join(fresh, KEPT), { recursive: true })
    await rename(fresh, directory)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    if (!(await exists(join(directory, 'HEAD')))) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function isRefName(name: string): boolean {
  return /^refs\/[^\0-\x20~^:?*[\\\x7f]+$/.test(name) && !name.includes('..')
}

const turns = new Map<string, Promise<unknown>>()

async function oneAtATime<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve()
  const mine = before.then(work, work)
  turns.set(key, mine)
  try {
    return await mine
  } finally {
    if (turns.get(key) === mine) turns.delete(key)
  }
}
