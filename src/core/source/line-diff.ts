// Which lines of a file a change touched: what a cause is looked for in, and what may carry a comment.

import { diffArrays } from 'diff'

/** Lines that may differ before we stop looking for what is common between the first and the last of them. */
const MAX_EDITS = 2000

/**
 * Lines of `head`, from 1, that were added or modified since `base`; where lines were only deleted, the
 * line that now stands there, or the last line if they were the last. All lines if `base` is null. A
 * line includes its line break, as in git: another line ending is another line.
 */
export function changedLines(base: string | null, head: string): ReadonlySet<number> {
  const changed = new Set<number>()
  if (base === null) return addRange(changed, 0, countLines(head))
  if (base === head) return changed
  const after = toLines(head)
  const before = toLines(base)

  let prefix = 0
  const shorter = Math.min(before.length, after.length)
  while (prefix < shorter && before[prefix] === after[prefix]) prefix += 1
  let suffix = 0
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1

  const removed = before.slice(prefix, before.length - suffix)
  const added = after.slice(prefix, after.length - suffix)
  // Nearly equal files end here: one stretch of lines, with nothing to align.
  if (removed.length === 0 || added.length === 0)
    return markStretch(changed, prefix, added.length, after.length)
  const parts = diffArrays(removed, added, { maxEditLength: MAX_EDITS })
  if (parts === undefined) return markStretch(changed, prefix, added.length, after.length)

  let at = prefix
  for (const [index, part] of parts.entries()) {
    if (part.added) addRange(changed, at, at + part.count)
    // Removed lines come before or after the lines that replace them; alone, they were deleted.
    if (part.removed && !parts[index + 1]?.added && !parts[index - 1]?.added) {
      markStretch(changed, at, 0, after.length)
    }
    if (!part.removed) at += part.count
  }
  return changed
}

function markStretch(changed: Set<number>, at: number, count: number, total: number): Set<number> {
  if (count > 0) return addRange(changed, at, at + count)
  if (total > 0) changed.add(Math.min(at + 1, total))
  return changed
}

function addRange(changed: Set<number>, start: number, end: number): Set<number> {
  for (let at = start; at < end; at += 1) changed.add(at + 1)
  return changed
}

/** As many as `toLines` makes. */
function countLines(text: string): number {
  let count = text === '' || text.endsWith('\n') ? 0 : 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** Lines with their line breaks; only `\n` ends one, as for git and GitHub. */
function toLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}
