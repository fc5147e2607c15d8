// A bare repository on disk, spoken to with the git that is installed. No working tree, no user configuration. What is
// asked all the time (refs, commits, entries) is read and written here: objects.ts says why. What takes judgement
// (diffs, true merges, histories that cross) is left to git, and so is everything out of the ordinary.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { commitObject, lineBetween, mergeBaseOf } from './history.ts'
import { Folder, Objects, TREE_MODE, writeWhole } from './objects.ts'
import type { Changes, FileContent } from '../types.ts'

export interface Person {
  readonly name: string
  readonly email: string
  readonly date: Date
}
export interface CommitInput {
  /** None for a root commit. */
  readonly parents: readonly string[]
  readonly changes: Changes
  readonly message: string
  readonly author: Person
  readonly committer?: Person
}
export interface CommitInfo {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Person
  readonly committer: Person
  readonly message: string
}
export interface TreeEntry {
  readonly mode: string
  readonly type: string
  readonly sha: string
  readonly size: number | null
  readonly path: string
}

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
}
/** What `git init --bare` writes, what GitHub's servers allow to fetch, and nothing is collected under our feet. */
const SETTINGS = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
`
/** A name that means itself, whatever else there is; all others are git's to understand. */
const PLAIN_REF = /^refs(\/[\w-]+){2,}$/
const OPTIONS = { env: ENVIRONMENT, maxBuffer: 1 << 28 }

export class BareRepository {
  readonly path: string
  readonly objects: Objects

  private constructor(path: string) {
    this.path = path
    this.objects = new Objects(join(path, 'objects'))
  }

  /** Makes one. A fork shares the object store of its network, as on GitHub. */
  static async create(path: string, branch: string, network?: BareRepository): Promise<BareRepository> {
    const folders = ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']
    for (const folder of folders) await mkdir(join(path, folder), { recursive: true })
    await writeFile(join(path, 'HEAD'), `ref: refs/heads/${branch}\n`)
    await writeFile(join(path, 'config'), SETTINGS)
    if (network !== undefined) {
      await rm(join(path, 'objects'), { recursive: true })
      await symlink(join(network.path, 'objects'), join(path, 'objects'))
    }
    return new BareRepository(path)
  }

  /** Runs git; the answer is stdout. Throws with stderr when the exit code is not among `codes`. */
  run(args: readonly string[], input: string | Buffer = '', codes = [0]): Promise<string> {
    return this.bytes(args, input, codes).then((stdout) => stdout.toString('utf8'))
  }

  bytes(args: readonly string[], input: string | Buffer = '', codes = [0]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        'git',
        ['-c', 'core.quotePath=false', '--git-dir', this.path, ...args],
        { ...OPTIONS, cwd: this.path, encoding: 'buffer' },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code
          if (typeof code === 'number' && codes.includes(code)) resolve(stdout)
          else reject(new Error(`git ${args.join(' ')}: ${stderr.toString('utf8')}`, { cause: error }))
        },
      )
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input)
    })
  }

  /** For getters of a story, which cannot wait; null when git refuses. */
  sync(args: readonly string[]): string | null {
    try {
      const all = ['-c', 'core.quotePath=false', '--git-dir', this.path, ...args]
      return execFileSync('git', all, { ...OPTIONS, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    } catch {
      return null
    }
  }

  /** The commit a ref, branch name or SHA stands for; null when there is none. */
  async commitOf(name: string): Promise<string | null> {
    const sha = PLAIN_REF.test(name) ? this.looseRef(name) : name
    if (sha === null && !existsSync(join(this.path, 'packed-refs'))) return null
    if (sha !== null && this.objects.read(sha)?.type === 'commit') return sha
    const out = await this.run(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], '', [0, 1, 128])
    return out.trim() === '' ? null : out.trim()
  }

  /** What the file of a ref says. Read each time: git may have moved it. */
  private looseRef(ref: string): string | null {
    const file = join(this.path, ref)
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true
      ? readFileSync(file, 'utf8').trim()
      : null
  }

  async setRef(ref: string, sha: string): Promise<void> {
    const plain = PLAIN_REF.test(ref) && this.isFree(ref) && this.objects.read(sha)?.type === 'commit'
    if (!plain) return void (await this.run(['update-ref', ref, sha]))
    const file = join(this.path, ref)
    mkdirSync(dirname(file), { recursive: true })
    writeWhole(file, `${sha}\n`)
  }

  /** Is there no folder in its place, and no ref in the place of its folders? Else git says what is wrong. */
  private isFree(ref: string): boolean {
    if (this.looseRef(ref) !== null) return true
    const folders = ref.split('/').map((_, index, parts) => parts.slice(0, index).join('/'))
    return !existsSync(join(this.path, ref)) && folders.every((folder) => this.looseRef(folder) === null)
  }

  async deleteRef(ref: string): Promise<void> {
    await this.run(['update-ref', '-d', ref])
  }

  async refs(prefix: string): Promise<{ ref: string; sha: string }[]> {
    const out = await this.run(['for-each-ref', '--format=%(refname) %(objectname)', `refs/${prefix}*`])
    const exact = await this.run(['for-each-ref', '--format=%(refname) %(objectname)', `refs/${prefix}`])
    const lines = new Set(`${out}${exact}`.split('\n').filter((line) => line !== ''))
    return [...lines].sort().map((line) => ({ ref: line.split(' ')[0] ?? '', sha: line.split(' ')[1] ?? '' }))
  }

  /** A new commit: the first parent's tree with changes. No ref moves. */
  async commit(input: CommitInput): Promise<string> {
    const [first] = input.parents
    const root = new Folder(this.objects, first === undefined ? null : (await this.info(first)).tree)
    for (const [path, content] of Object.entries(input.changes)) {
      const name = Buffer.from(path).toString('latin1')
      root.put(name.split('/'), this.leaf(content))
    }
    return this.commitTree({ ...input, tree: root.write() ?? this.objects.writeTree(new Map()) })
  }

  private leaf(content: FileContent): { mode: string; sha: string } | null {
    if (content === null) return null
    const plain = typeof content === 'string' || content instanceof Uint8Array
    const bytes = Buffer.from(plain ? content : content.text)
    return { mode: plain ? '100644' : content.mode, sha: this.objects.write('blob', bytes) }
  }

  /** A commit of a ready tree; no ref moves. */
  commitTree(input: {
    tree: string
    parents: readonly string[]
    message: string
    author: Person
    committer?: Person
  }): Promise<string> {
    const text = [
      `tree ${input.tree}`,
      ...input.parents.map((parent) => `parent ${parent}`),
      signature('author', input.author).trimEnd(),
      signature('committer', input.committer ?? input.author).trimEnd(),
      '',
      input.message,
    ].join('\n')
    return Promise.resolve(this.objects.write('commit', Buffer.from(text)))
  }

  async mergeBase(a: string, b: string): Promise<string | null> {
    const found = mergeBaseOf(this.objects, a, b)
    if (found !== undefined) return found
    const out = await this.run(['merge-base', a, b], '', [0, 1])
    return out.trim() === '' ? null : out.trim()
  }

  async isAncestor(a: string, b: string): Promise<boolean> {
    return (await this.mergeBase(a, b)) === a
  }

  /** Commits of `head` that `base` lacks, oldest first. */
  async commitsBetween(base: string, head: string): Promise<string[]> {
    const line = lineBetween(this.objects, base, head)
    if (line !== undefined) return line
    const out = await this.run(['rev-list', '--reverse', '--topo-order', `${base}..${head}`])
    return out.split('\n').filter((line) => line !== '')
  }

  /** The tree of a true merge; null on a conflict. */
  async mergeTree(ours: string, theirs: string): Promise<string | null> {
    const base = mergeBaseOf(this.objects, ours, theirs)
    // One side has all of the other.
    if (base === ours) return (await this.info(theirs)).tree
    if (base === theirs) return (await this.info(ours)).tree
    const out = await this.run(['merge-tree', '--write-tree', '--no-messages', ours, theirs], '', [0, 1])
    const lines = out.split('\n').filter((line) => line !== '')
    return lines.length === 1 ? (lines[0] ?? null) : null
  }

  async info(sha: string): Promise<CommitInfo> {
    const commit = commitObject(this.objects, sha)
    if (commit !== undefined) {
      const { tree, parents, message } = commit
      const [author, committer] = [person(commit.author), person(commit.committer)]
      return { sha, tree, parents, author, committer, message: message.replace(/\n+$/, '') }
    }
    const format = '%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B'
    const out = await this.run(['show', '--no-patch', '--no-show-signature', `--format=${format}`, sha])
    const [id = '', tree = '', parents = '', an = '', ae = '', at = '', cn = '', ce = '', ct = '', ...rest] =
      out.split('\0')
    return {
      sha: id,
      tree,
      parents: parents.split(' ').filter((parent) => parent !== ''),
      author: { name: an, email: ae, date: new Date(Number(at) * 1000) },
      committer: { name: cn, email: ce, date: new Date(Number(ct) * 1000) },
      message: rest.join('\0').replace(/\n+$/, ''),
    }
  }

  /** Entries of a tree or of the tree of a commit. */
  async tree(treeish: string, recursive: boolean): Promise<TreeEntry[]> {
    const out = await this.run(['ls-tree', '-z', '--long', ...(recursive ? ['-r', '-t'] : []), treeish])
    return entries(out)
  }

  async entry(commit: string, path: string): Promise<TreeEntry | null> {
    const found = this.looseEntry(commit, path)
    if (found !== undefined) return found
    const out = await this.run(['ls-tree', '-z', '--long', '--full-tree', commit, '--', path])
    return entries(out).find((entry) => entry.path === path) ?? null
  }

  /** Undefined where git has to be asked. */
  private looseEntry(commit: string, path: string): TreeEntry | null | undefined {
    let [mode, sha] = [TREE_MODE, commitObject(this.objects, commit)?.tree ?? '']
    for (const name of Buffer.from(path).toString('latin1').split('/')) {
      if (mode !== TREE_MODE) return null
      const tree = this.objects.tree(sha)
      if (tree === null) return undefined
      const leaf = tree.get(name)
      if (leaf === undefined) return null
      ;({ mode, sha } = leaf)
    }
    const object = this.objects.read(sha)
    if (object === null) return undefined
    const { type, content } = object
    return { mode: mode.padStart(6, '0'), type, sha, size: type === 'blob' ? content.length : null, path }
  }
}

function entries(out: string): TreeEntry[] {
  return out
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', type = '', sha = '', size = ''] = line.slice(0, tab).split(/ +/)
      return { mode, type, sha, size: size === '-' ? null : Number(size), path: line.slice(tab + 1) }
    })
}

function signature(role: 'author' | 'committer', person: Person): string {
  return `${role} ${person.name} <${person.email}> ${String(Math.floor(person.date.getTime() / 1000))} +0000\n`
}

/** The way back from a signature. */
function person(text: string): Person {
  const [, name = '', email = '', seconds = ''] = /^(.*) <([^>]*)> (\d+) [+-]\d{4}$/.exec(text) ?? []
  return { name, email, date: new Date(Number(seconds) * 1000) }
}
