// The objects of a repository, read and written without git: a story asks for hundreds, and starting a process for
// each took most of its time. Loose objects alone; whoever finds none here asks git, which knows packs as well.
// Format: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deflateSync, inflateSync } from 'node:zlib'

export interface GitObject {
  readonly type: string
  readonly content: Buffer
}
export interface Leaf {
  /** As in a tree: no leading zero. */
  readonly mode: string
  readonly sha: string
}

export const TREE_MODE = '40000'
const FULL = /^[0-9a-f]{40}$/

export class Objects {
  /** An object never changes, and nothing here is ever collected. */
  private readonly known = new Map<string, GitObject>()
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Null for what is packed, missing, or no full SHA. */
  read(sha: string): GitObject | null {
    const known = this.known.get(sha)
    if (known !== undefined) return known
    const file = this.file(sha)
    if (!FULL.test(sha) || !existsSync(file)) return null
    const bytes = inflateSync(readFileSync(file))
    const end = bytes.indexOf(0)
    const [type = ''] = bytes.toString('latin1', 0, end).split(' ')
    return this.keep(sha, { type, content: bytes.subarray(end + 1) })
  }

  write(type: string, content: Buffer): string {
    const bytes = Buffer.concat([Buffer.from(`${type} ${String(content.length)}\0`), content])
    const sha = createHash('sha1').update(bytes).digest('hex')
    const file = this.file(sha)
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true })
      writeWhole(file, deflateSync(bytes, { level: 1 }))
    }
    this.keep(sha, { type, content })
    return sha
  }

  /** Names are in latin1, one character a byte, so that they sort as git sorts them. */
  tree(sha: string): Map<string, Leaf> | null {
    const object = this.read(sha)
    if (object?.type !== 'tree') return null
    const found = new Map<string, Leaf>()
    const { content } = object
    for (let at = 0; at < content.length;) {
      const end = content.indexOf(0, at)
      const [mode = '', ...name] = content.toString('latin1', at, end).split(' ')
      found.set(name.join(' '), { mode, sha: content.toString('hex', end + 1, end + 21) })
      at = end + 21
    }
    return found
  }

  writeTree(entries: ReadonlyMap<string, Leaf>): string {
    const rows = [...entries].map(([name, { mode, sha }]) => {
      // git sorts a folder as if its name ended in a slash.
      const key = mode === TREE_MODE ? `${name}/` : name
      return {
        key,
        row: Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(sha, 'hex')]),
      }
    })
    rows.sort((a, b) => (a.key < b.key ? -1 : 1))
    return this.write('tree', Buffer.concat(rows.map(({ row }) => row)))
  }

  private keep(sha: string, object: GitObject): GitObject {
    this.known.set(sha, object)
    return object
  }

  private file(sha: string): string {
    return join(this.folder, sha.slice(0, 2), sha.slice(2))
  }
}

/** A reader finds the whole file or none. */
export function writeWhole(file: string, bytes: Buffer | string): void {
  const draft = join(dirname(file), `tmp_${randomUUID()}`)
  writeFileSync(draft, bytes)
  renameSync(draft, file)
}

/** A folder in the making. Like git's own, it is gone when nothing is left in it. */
export class Folder {
  private readonly entries: Map<string, Leaf | Folder>
  private readonly objects: Objects

  /** Of a tree, or empty. */
  constructor(objects: Objects, tree: string | null) {
    const entries = tree === null ? new Map<string, Leaf>() : objects.tree(tree)
    if (entries === null) throw new Error(`there is no tree ${String(tree)}`)
    this.objects = objects
    this.entries = new Map(entries)
  }

  /** Puts a leaf at a path, in the way of nothing; null takes away what is there. */
  put([name = '', ...rest]: readonly string[], leaf: Leaf | null): void {
    const there = this.entries.get(name)
    if (rest.length === 0) {
      if (leaf === null) this.entries.delete(name)
      else this.entries.set(name, leaf)
    } else if (there instanceof Folder) there.put(rest, leaf)
    else {
      const isFolder = there?.mode === TREE_MODE
      if (!isFolder && leaf === null) return
      const folder = new Folder(this.objects, isFolder ? there.sha : null)
      folder.put(rest, leaf)
      this.entries.set(name, folder)
    }
  }

  /** Null when it is empty. */
  write(): string | null {
    const leaves = new Map<string, Leaf>()
    for (const [name, entry] of this.entries) {
      const sha = entry instanceof Folder ? entry.write() : entry.sha
      if (sha !== null) leaves.set(name, entry instanceof Folder ? { mode: TREE_MODE, sha } : entry)
    }
    return leaves.size === 0 ? null : this.objects.writeTree(leaves)
  }
}
