// A bare repository on disk, spoken to with the git that is installed. No working tree, no user configuration.
import { execFile, execFileSync } from 'node:child_process'
import { appendFile, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
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
/** What GitHub's servers allow to fetch; nothing may be collected under our feet. */
const SETTINGS = `
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
`
const SCRATCH = 'refs/heads/scratch'
const OPTIONS = { env: ENVIRONMENT, maxBuffer: 1 << 28 }

export class BareRepository {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Makes one. A fork shares the object store of its network, as on GitHub. */
  static async create(path: string, branch: string, network?: BareRepository): Promise<BareRepository> {
    await mkdir(path, { recursive: true })
    const repository = new BareRepository(path)
    await repository.run(['init', '--quiet', '--bare', `--initial-branch=${branch}`, '--template=', '.'])
    await appendFile(join(path, 'config'), SETTINGS)
    if (network !== undefined) {
      await rm(join(path, 'objects'), { recursive: true })
      await symlink(join(network.path, 'objects'), join(path, 'objects'))
    }
    return repository
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
    const out = await this.run(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], '', [0, 1, 128])
    return out.trim() === '' ? null : out.trim()
  }

  async setRef(ref: string, sha: string): Promise<void> {
    await this.run(['update-ref', ref, sha])
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
    const parts: (string | Buffer)[] = [
      `commit ${SCRATCH}\nmark :1\n${signature('author', input.author)}`,
      signature('committer', input.committer ?? input.author),
      data(input.message),
    ]
    input.parents.forEach((parent, index) => parts.push(`${index === 0 ? 'from' : 'merge'} ${parent}\n`))
    for (const [path, content] of Object.entries(input.changes)) parts.push(...change(path, content))
    // fast-import wants a branch; this one is gone again before it is written.
    parts.push(`get-mark :1\nreset ${SCRATCH}\nfrom ${'0'.repeat(40)}\n\n`)
    const script = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
    return (await this.run(['fast-import', '--quiet', '--force'], script)).trim()
  }

  /** A commit of a ready tree; no ref moves. */
  async commitTree(input: {
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
    return (await this.run(['hash-object', '-t', 'commit', '-w', '--stdin'], text)).trim()
  }

  async mergeBase(a: string, b: string): Promise<string | null> {
    const out = await this.run(['merge-base', a, b], '', [0, 1])
    return out.trim() === '' ? null : out.trim()
  }

  async isAncestor(a: string, b: string): Promise<boolean> {
    return (await this.mergeBase(a, b)) === a
  }

  /** Commits of `head` that `base` lacks, oldest first. */
  async commitsBetween(base: string, head: string): Promise<string[]> {
    const out = await this.run(['rev-list', '--reverse', '--topo-order', `${base}..${head}`])
    return out.split('\n').filter((line) => line !== '')
  }

  /** The tree of a true merge; null on a conflict. */
  async mergeTree(ours: string, theirs: string): Promise<string | null> {
    const out = await this.run(['merge-tree', '--write-tree', '--no-messages', ours, theirs], '', [0, 1])
    const lines = out.split('\n').filter((line) => line !== '')
    return lines.length === 1 ? (lines[0] ?? null) : null
  }

  async info(sha: string): Promise<CommitInfo> {
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
    const out = await this.run(['ls-tree', '-z', '--long', '--full-tree', commit, '--', path])
    return entries(out).find((entry) => entry.path === path) ?? null
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

function change(path: string, content: FileContent): (string | Buffer)[] {
  const name = /^"|\n/.test(path) ? JSON.stringify(path) : path
  if (content === null) return [`D ${name}\n`]
  if (typeof content === 'string') return [`M 100644 inline ${name}\n`, data(content)]
  if (content instanceof Uint8Array) return [`M 100644 inline ${name}\n`, data(Buffer.from(content))]
  return [`M ${content.mode} inline ${name}\n`, data(content.text)]
}

function data(content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return Buffer.concat([Buffer.from(`data ${String(bytes.length)}\n`), bytes, Buffer.from('\n')])
}
