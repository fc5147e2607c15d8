// A directory that exists for one run: the files below `tree`, and room for the program's own beside them, so that
// no file of the run can stand where the program keeps its things.
import { chmod, lstat, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, sep } from 'node:path'
import type { ToolResult, ToolRun } from './toolbox.ts'

export interface Scratch {
  readonly tree: string
  readonly temporary: string
}

/** Writes the files, works with them and removes everything. Files that cannot be written end it before the work. */
export async function inScratch(
  files: ToolRun['files'],
  maxBytes: number,
  work: (scratch: Scratch) => Promise<ToolResult>,
): Promise<ToolResult> {
  const refused = refusal(files, maxBytes)
  if (refused !== null) return { ok: false, message: refused }
  // By its real name, since that is the one that programs will speak of.
  const top = await realpath(tmpdir())
  await removeStale(top)
  const root = await mkdtemp(join(top, PREFIX))
  try {
    const scratch = { tree: join(root, 'tree'), temporary: join(root, 'tmp') }
    await mkdir(scratch.tree, { mode: 0o700 })
    await mkdir(scratch.temporary, { mode: 0o700 })
    const failed = await writeAll(scratch.tree, files)
    return failed === null ? await work(scratch) : { ok: false, message: failed }
  } finally {
    await removeAll(root)
  }
}

const PREFIX = 'ambient-guard-render-'
/** Milliseconds after which nobody is at work in one any more: many times as long as a run may take. */
const STALE = 600_000

/** Those that a thread or a process left which was ended from outside. */
async function removeStale(top: string): Promise<void> {
  for (const name of await readdir(top)) {
    if (!name.startsWith(PREFIX)) continue
    const folder = join(top, name)
    // Another may be removing it, or it may be somebody else's.
    const age = await lstat(folder).then(
      (found) => (found.isDirectory() ? Date.now() - found.mtimeMs : 0),
      () => 0,
    )
    if (age > STALE) await removeAll(folder).catch(() => undefined)
  }
}

function refusal(files: ToolRun['files'], maxBytes: number): string | null {
  let bytes = 0
  for (const [path, content] of files) {
    if (isAbsolute(path) || path.includes('\0') || path.split(/[/\\]/).includes('..')) {
      return `${quoted(path)} is no path below the folder that is rendered`
    }
    bytes += typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength
  }
  if (bytes <= maxBytes) return null
  return `the files come to ${String(bytes)} bytes, and ${String(maxBytes)} is the most that is rendered`
}

/** What went wrong, or null. Never writes over a file: two paths may be one where case does not count. */
async function writeAll(tree: string, files: ToolRun['files']): Promise<string | null> {
  const made = new Set([tree])
  for (const [path, content] of files) {
    const target = join(tree, path)
    try {
      if (!target.startsWith(tree + sep)) throw Object.assign(new Error(), { code: 'EINVAL' })
      const folder = dirname(target)
      if (!made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o700 })
      made.add(folder)
      await writeFile(target, content, { flag: 'wx', mode: 0o600 })
    } catch (error) {
      return `${quoted(path)} could not be written for rendering (${codeOf(error)})`
    }
  }
  return null
}

/** A program may leave folders behind that even their owner cannot empty. */
async function removeAll(root: string): Promise<void> {
  try {
    await rm(root, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    await openUp(root)
    await rm(root, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name))
  }
}

/** A path as it may be shown: without control characters, and not too long. */
export function quoted(path: string): string {
  const shown = path.replace(/\p{C}/gu, '')
  return `"${shown.length > 200 ? `${shown.slice(0, 200)}…` : shown}"`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
