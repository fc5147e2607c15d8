// One GitHub: its accounts, repositories, one registered app and its installations, a clock and a counter.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { CollaboratorLevel, GitHubOptions, Permissions, RepositoryOptions } from '../types.ts'
import { BareRepository } from '../git/bare-repository.ts'
import type { Person } from '../git/bare-repository.ts'
import { notFound } from '../errors.ts'
import { Webhooks } from './webhooks.ts'
import type { Account, InstallationRecord, PullRecord, QueueGroup, RepositoryRecord } from './records.ts'

const PERMISSIONS: Permissions = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  checks: 'write',
  issues: 'write',
  merge_queues: 'read',
}
const EVENTS = [
  'pull_request',
  'issue_comment',
  'pull_request_review_comment',
  'check_run',
  'check_suite',
  'merge_group',
]

/** Making a key takes a tenth of a second: once for each process. */
let keys: { readonly privateKey: string; readonly publicKey: string } | null = null

/** Octokit shares what it asks about an installation among all apps of a process, so no two GitHubs have the same. */
let installed = 40_000_000

export class World {
  readonly slug: string
  readonly appId = 1_007_001
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly privateKey: string
  readonly publicKey: string
  readonly webhookSecret = randomBytes(24).toString('hex')
  readonly hooks: Webhooks
  readonly now: () => Date
  readonly createdAt: string
  readonly repositories = new Map<string, RepositoryRecord>()
  readonly installations = new Map<string, InstallationRecord>()
  readonly folder: string
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  origin = ''
  private readonly accounts = new Map<string, Account>()
  private counter = 1_000
  private queue: Promise<unknown> = Promise.resolve()

  constructor(folder: string, options: GitHubOptions) {
    this.folder = folder
    this.slug = options.app?.slug ?? 'ambient-guard'
    this.permissions = { ...(options.app?.permissions ?? PERMISSIONS), metadata: 'read' }
    // Whoever may write checks hears of them without asking (docs: checks API).
    const always = this.permissions['checks'] === 'write' ? ['check_run', 'check_suite'] : []
    this.events = [...new Set([...(options.app?.events ?? EVENTS), ...always])]
    this.now = options.now ?? (() => new Date())
    this.createdAt = this.iso()
    keys ??= makeKeys()
    this.privateKey = keys.privateKey
    this.publicKey = keys.publicKey
    this.hooks = new Webhooks(this.webhookSecret, this.events, this.now)
  }

  get api(): string {
    return `${this.origin}/api/v3`
  }

  /** The app's own user. */
  get bot(): Account {
    return this.account(`${this.slug}[bot]`, 'Bot')
  }

  /** A new number; everything that has an id draws from the one row. */
  id(): number {
    return ++this.counter
  }

  iso(date = this.now()): string {
    return date.toISOString().replace(/\.\d+Z$/, 'Z')
  }

  /** The account of a login, made on first mention. Brackets are for apps alone. */
  account(login: string, type: Account['type'] = login.endsWith('[bot]') ? 'Bot' : 'User'): Account {
    const key = login.toLowerCase()
    const known = this.accounts.get(key)
    if (known !== undefined) return known
    const account = { id: this.id(), login, type }
    this.accounts.set(key, account)
    return account
  }

  knownAccount(login: string): Account | undefined {
    return this.accounts.get(login.toLowerCase())
  }

  person(account: Account, date = this.now()): Person {
    return {
      name: account.login,
      email: `${String(account.id)}+${account.login}@users.noreply.github.com`,
      date,
    }
  }

  /** GitHub itself: the committer of everything made on its pages or through GraphQL. */
  webFlow(): Person {
    return { name: 'GitHub', email: 'noreply@github.com', date: this.now() }
  }

  async addRepository(
    options: RepositoryOptions,
    fork?: { parent: RepositoryRecord; acceptsAppCommits: boolean },
  ): Promise<RepositoryRecord> {
    const owner = this.account(options.owner ?? 'acme', options.ownerType ?? 'Organization')
    const name = options.name ?? 'platform'
    const key = `${owner.login}/${name}`.toLowerCase()
    if (this.repositories.has(key)) throw new Error(`there is a repository ${key} already`)
    const branch = options.defaultBranch ?? 'main'
    const path = join(this.folder, owner.login, `${name}.git`)
    const record: RepositoryRecord = {
      id: this.id(),
      owner,
      name,
      private: options.private ?? false,
      archived: options.archived ?? false,
      defaultBranch: branch,
      git: await BareRepository.create(path, branch, fork?.parent.git),
      installed: options.installed ?? true,
      parent: fork?.parent ?? null,
      acceptsAppCommits: (fork?.acceptsAppCommits ?? false) && owner.type === 'User',
      collaborators: new Map<string, CollaboratorLevel>(),
      pulls: new Map<number, PullRecord>(),
      runs: [],
      suites: [],
      queues: new Map<string, QueueGroup[]>(),
      createdAt: this.iso(),
      nextNumber: 1,
    }
    if (fork === undefined) {
      record.collaborators.set('maintainer', 'write')
      const root = await record.git.commit({
        parents: [],
        changes: options.files ?? {},
        message: 'Start',
        author: this.person(this.account('maintainer')),
      })
      await record.git.setRef(`refs/heads/${branch}`, root)
    }
    if (record.installed && !this.installations.has(owner.login.toLowerCase())) {
      const installation = { id: (installed += 1), account: owner, createdAt: this.iso(), suspendedAt: null }
      this.installations.set(owner.login.toLowerCase(), installation)
    }
    this.repositories.set(key, record)
    return record
  }

  repository(owner: string, name: string): RepositoryRecord | undefined {
    return this.repositories.get(`${owner}/${name}`.toLowerCase())
  }

  installationOf(repo: RepositoryRecord): InstallationRecord | undefined {
    return repo.installed ? this.installations.get(repo.owner.login.toLowerCase()) : undefined
  }

  installationById(id: number): InstallationRecord {
    const found = [...this.installations.values()].find((installation) => installation.id === id)
    if (found === undefined) throw notFound()
    return found
  }

  /** The installation of an owner, or the first there is. */
  installationOfOwner(login: string | undefined): InstallationRecord {
    const all = [...this.installations.values()]
    const found = login === undefined ? all[0] : this.installations.get(login.toLowerCase())
    if (found === undefined)
      throw new Error(`the app is not installed ${login === undefined ? 'anywhere' : `at ${login}`}`)
    return found
  }

  repositoriesOf(installation: InstallationRecord): RepositoryRecord[] {
    return [...this.repositories.values()].filter((repo) => this.installationOf(repo) === installation)
  }

  /** The highest of all grants; public repositories can be read by everyone. */
  levelOf(repo: RepositoryRecord, login: string): CollaboratorLevel {
    if (repo.owner.login.toLowerCase() === login.toLowerCase()) return 'admin'
    return repo.collaborators.get(login.toLowerCase()) ?? (repo.private ? 'none' : 'read')
  }

  /** All pull requests of all repositories. */
  pulls(): PullRecord[] {
    return [...this.repositories.values()].flatMap((repo) => [...repo.pulls.values()])
  }

  /** One after the other: whatever moves a branch runs in here. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work)
    this.queue = result.catch(() => undefined)
    return result
  }
}

function makeKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
