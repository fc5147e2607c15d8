// One folder of a tree, as git keeps it.
import { pathText } from './path-text.ts'
import type { ReadObject } from './reader.ts'

export interface TreeEntry {
  /** As git writes it: six digits. */
  readonly mode: string
  readonly id: string
}

export const FOLDER = '040000'

/** `<mode, in octal> SP <name> NUL <id>` for each entry (decode_tree_entry in tree-walk.c of git). */
export function entriesOf({ id: own, bytes }: ReadObject): ReadonlyMap<string, TreeEntry> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = new Map<string, TreeEntry>()
  for (let at = 0; at < buffer.length;) {
    const space = buffer.indexOf(0x20, at)
    const end = buffer.indexOf(0, space)
    const name = pathText(buffer.subarray(space + 1, end))
    const mode = canonical(buffer.toString('latin1', at, space))
    at = end + 1 + own.length / 2
    entries.set(name, { mode, id: buffer.toString('hex', end + 1, at) })
  }
  return entries
}

/** As `git ls-tree` shows it: git once wrote other permissions, too (canon_mode of git). */
function canonical(mode: string): string {
  const bits = Number.parseInt(mode, 8)
  if ((bits & 0o170000) !== 0o100000) return mode.padStart(6, '0')
  return (bits & 0o100) === 0 ? '100644' : '100755'
}
