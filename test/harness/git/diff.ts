// Diffs as GitHub writes them in `files[].patch`: git's own hunks without the file header, renames detected,
// no patch for binary files, pure renames and files beyond the limit.
import type { BareRepository } from './bare-repository.ts'
import type { Side } from '../model/records.ts'

/** Beyond this many lines of diff GitHub sends no patch (docs: repository limits). */
const MAX_PATCH_LINES = 20_000

export interface Hunk {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  /** Header first. */
  readonly lines: readonly string[]
}
export interface FileDiff {
  readonly path: string
  readonly previousPath: string | null
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  readonly additions: number
  readonly deletions: number
  readonly blob: string
  /** Absent as on GitHub. */
  readonly patch: string | null
  readonly hunks: readonly Hunk[]
}
/** A line of a hunk that a comment may sit on. */
export interface Place {
  readonly hunk: Hunk
  /** From 1, counted from the line below the first hunk header, later headers included. */
  readonly position: number
}

/** Between two SHAs a diff never changes, and it is asked for by everything that shows a pull request. */
const known = new WeakMap<BareRepository, Map<string, Promise<readonly FileDiff[]>>>()

/** The two-dot diff of two commits or trees, given by full SHAs, in git's path order. */
export async function diffFiles(git: BareRepository, from: string, to: string): Promise<FileDiff[]> {
  const diffs = known.get(git) ?? new Map<string, Promise<readonly FileDiff[]>>()
  known.set(git, diffs)
  const diff = diffs.get(`${from} ${to}`) ?? readDiff(git, from, to)
  diffs.set(`${from} ${to}`, diff)
  return [...(await diff)]
}

async function readDiff(git: BareRepository, from: string, to: string): Promise<FileDiff[]> {
  const shapes = ['--raw', '--numstat', '--patch', '-z', '--full-index', '--no-abbrev']
  const out = await git.run(['diff', ...shapes, '--no-color', '--no-ext-diff', '-M', from, to])
  // With -z every field ends in a NUL, and one more comes before the patch.
  const at = out.indexOf('\0\0')
  const [fields, text] = at === -1 ? [out, ''] : [out.slice(0, at + 1), out.slice(at + 2)]
  const { entries, rest } = rawEntries(fields.split('\0'))
  const numbers = numstat(rest)
  const sections = text === '' ? [] : text.split(/^(?=diff --git )/m)
  let next = 0
  return entries.map((entry) => {
    const section = sections[next] ?? ''
    next += entry.letter === 'T' ? 2 : 1
    const [additions, deletions] = numbers.get(entry.path) ?? [0, 0]
    const at = section.search(/^@@ /m)
    const whole = at === -1 || entry.letter === 'T' ? null : section.slice(at).replace(/\n$/, '')
    const patch = whole !== null && whole.split('\n').length <= MAX_PATCH_LINES ? whole : null
    const modeOnly = entry.letter === 'M' && at === -1 && entry.modeChanged
    return {
      path: entry.path,
      previousPath: entry.previousPath,
      status: modeOnly ? 'changed' : status(entry.letter),
      additions,
      deletions,
      blob: entry.blob,
      patch,
      hunks: patch === null ? [] : parseHunks(patch),
    }
  })
}

/** Where a line sits in the diff; null when no hunk shows it on that side. */
export function place(file: FileDiff, line: number, side: Side): Place | null {
  let position = -1
  for (const hunk of file.hunks) {
    let oldLine = hunk.oldStart
    let newLine = hunk.newStart
    for (const text of hunk.lines) {
      position++
      const mark = text[0]
      if (mark === '@' || mark === '\\') continue
      if (side === 'RIGHT' && mark !== '-' && newLine === line) return { hunk, position }
      if (side === 'LEFT' && mark !== '+' && oldLine === line) return { hunk, position }
      if (mark !== '-') newLine++
      if (mark !== '+') oldLine++
    }
  }
  return null
}

/** The line a legacy `position` stands for. */
export function lineAt(file: FileDiff, position: number): { line: number; side: Side } | null {
  let at = -1
  for (const hunk of file.hunks) {
    let oldLine = hunk.oldStart
    let newLine = hunk.newStart
    for (const text of hunk.lines) {
      at++
      const mark = text[0]
      if (mark === '@' || mark === '\\') continue
      if (at === position)
        return mark === '-' ? { line: oldLine, side: 'LEFT' } : { line: newLine, side: 'RIGHT' }
      if (mark !== '-') newLine++
      if (mark !== '+') oldLine++
    }
  }
  return null
}

/** The hunk up to and including a place: a comment's `diff_hunk`. */
export function hunkUpTo(file: FileDiff, { hunk, position }: Place): string {
  const before = file.hunks.slice(0, file.hunks.indexOf(hunk)).reduce((sum, one) => sum + one.lines.length, 0)
  return hunk.lines.slice(0, position - before + 1).join('\n')
}

/**
 * Where the lines `first..last` of a path went between two commits: a function of the line, or null when one
 * of them was changed or the file is gone.
 */
export async function follow(
  git: BareRepository,
  [from, to]: readonly [string, string],
  path: string,
  [first, last]: readonly [number, number],
): Promise<((line: number) => number) | null> {
  if (from === to) return (line) => line
  if ((await git.entry(to, path)) === null) return null
  const text = await git.run(['diff', '--no-color', '--no-ext-diff', '-U0', from, to, '--', path])
  const at = text.search(/^@@ /m)
  let shift = 0
  for (const hunk of at === -1 ? [] : parseHunks(text.slice(at).replace(/\n$/, ''))) {
    // With no context an insertion has zero old lines and names the line before it.
    const start = hunk.oldLines === 0 ? hunk.oldStart + 1 : hunk.oldStart
    const end = start + hunk.oldLines - 1
    if (start > last) break
    if (end >= first) return null
    shift += hunk.newLines - hunk.oldLines
  }
  return (line) => line + shift
}

function parseHunks(patch: string): Hunk[] {
  const hunks: { header: readonly number[]; lines: string[] }[] = []
  for (const line of patch.split('\n')) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line)
    if (header !== null) {
      hunks.push({ header: [1, 2, 3, 4].map((group) => Number(header[group] ?? 1)), lines: [] })
    }
    hunks.at(-1)?.lines.push(line)
  }
  return hunks.map(({ header: [oldStart = 0, oldLines = 1, newStart = 0, newLines = 1], lines }) => {
    return { oldStart, oldLines, newStart, newLines, lines }
  })
}

interface RawEntry {
  readonly letter: string
  readonly path: string
  readonly previousPath: string | null
  readonly blob: string
  readonly modeChanged: boolean
}

/** The fields of `--raw`, which begin with a colon each, and those that follow. */
function rawEntries(fields: readonly string[]): { entries: RawEntry[]; rest: readonly string[] } {
  const entries: RawEntry[] = []
  let index = 0
  while (fields[index]?.startsWith(':') === true) {
    const [oldMode = '', newMode = '', oldBlob = '', newBlob = '', state = ''] = (fields[index] ?? '').split(
      ' ',
    )
    const letter = state[0] ?? 'M'
    const two = letter === 'R' || letter === 'C'
    const first = fields[index + 1] ?? ''
    entries.push({
      letter,
      path: two ? (fields[index + 2] ?? '') : first,
      previousPath: two ? first : null,
      blob: letter === 'D' ? oldBlob : newBlob,
      modeChanged: oldMode.slice(1) !== newMode,
    })
    index += two ? 3 : 2
  }
  return { entries, rest: fields.slice(index) }
}

function numstat(fields: readonly string[]): Map<string, [number, number]> {
  const counts = new Map<string, [number, number]>()
  for (let index = 0; index < fields.length - 1; index++) {
    const [added = '0', deleted = '0', path = ''] = (fields[index] ?? '').split('\t')
    // A rename leaves the path empty and adds two fields: before and after.
    const name = path === '' ? (fields[(index += 2)] ?? '') : path
    counts.set(name, [Number(added) || 0, Number(deleted) || 0])
  }
  return counts
}

function status(letter: string): FileDiff['status'] {
  const names: Record<string, FileDiff['status']> = {
    A: 'added',
    D: 'removed',
    R: 'renamed',
    C: 'copied',
    T: 'changed',
  }
  return names[letter] ?? 'modified'
}
