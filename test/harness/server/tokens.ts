// Who is asking: the app by its JWT, an installation by a token it was given, or nobody.
import { createVerify, randomBytes } from 'node:crypto'
import type { Level, Permissions } from '../types.ts'
import type { World } from '../model/world.ts'
import type { InstallationRecord, RepositoryRecord } from '../model/records.ts'
import { ApiError } from '../errors.ts'

export interface TokenRecord {
  readonly text: string
  readonly installation: InstallationRecord
  readonly permissions: Permissions
  /** Null: all repositories of the installation. */
  readonly repositories: readonly RepositoryRecord[] | null
  expiresAt: Date
}
export type Actor =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'app' }
  | { readonly kind: 'installation'; readonly token: TokenRecord }

const RANK: Record<Level, number> = { read: 1, write: 2, admin: 3 }
/** GitHub refuses JWTs that live longer than ten minutes. */
const JWT_MAX_SECONDS = 600

export class Tokens {
  private readonly world: World
  private readonly known = new Map<string, TokenRecord>()

  constructor(world: World) {
    this.world = world
  }

  /** Tokens are long and opaque, with dots and underscores, as GitHub's have been since 2026. */
  issue(input: Omit<TokenRecord, 'text' | 'expiresAt'>, ttlSeconds: number): TokenRecord {
    const noise = randomBytes(192).toString('base64url')
    const text = `ghs_${String(this.world.appId)}_${noise.slice(0, 40)}.${noise.slice(40, 200)}.${noise.slice(200)}`
    const record = { ...input, text, expiresAt: new Date(Date.now() + ttlSeconds * 1000) }
    this.known.set(text, record)
    return record
  }

  expireAll(): void {
    for (const token of this.known.values()) token.expiresAt = new Date(0)
  }

  /** Reads an Authorization header; throws 401 for what is neither valid nor absent. */
  actor(header: string | undefined): Actor {
    if (header === undefined) return { kind: 'nobody' }
    const [scheme = '', credential = ''] = header.split(' ')
    const text = /^basic$/i.test(scheme) ? basicPassword(credential) : credential
    const token = this.known.get(text)
    if (token !== undefined && token.expiresAt > new Date()) return { kind: 'installation', token }
    if (token === undefined && text.split('.').length === 3 && /^bearer$/i.test(scheme)) {
      this.verifyJwt(text)
      return { kind: 'app' }
    }
    throw new ApiError(401, 'Bad credentials')
  }

  private verifyJwt(text: string): void {
    const [header = '', payload = '', signature = ''] = text.split('.')
    const { alg } = decode(header)
    const verifier = createVerify('RSA-SHA256').update(`${header}.${payload}`)
    if (alg !== 'RS256' || !verifier.verify(this.world.publicKey, Buffer.from(signature, 'base64url'))) {
      throw new ApiError(401, 'A JSON web token could not be decoded')
    }
    const { iss, iat, exp } = decode(payload)
    const now = Date.now() / 1000
    const claim = (name: string, problem: string): ApiError => new ApiError(401, `'${name}' claim ${problem}`)
    if (String(iss) !== String(this.world.appId))
      throw claim('Issuer', "('iss') must be an Integer: the app's id")
    if (typeof exp !== 'number' || exp <= now) throw claim('Expiration time', "('exp') must be in the future")
    if (exp > now + JWT_MAX_SECONDS) throw claim('Expiration time', "('exp') is too far in the future")
    if (typeof iat !== 'number' || iat > now + 60) throw claim('Issued at', "('iat') must be in the past")
  }
}

/** Nothing can be done as a suspended installation (docs: suspending a GitHub App installation). */
export function isSuspended(actor: Actor): boolean {
  return actor.kind === 'installation' && actor.token.installation.suspendedAt !== null
}

/** Does a token carry at least this level? Metadata can always be read. */
export function allows(permissions: Permissions, name: string, level: Level): boolean {
  const granted = permissions[name] ?? (name === 'metadata' ? 'read' : null)
  return granted !== null && RANK[granted] >= RANK[level]
}

/** Is the repository within the token's reach? */
export function reaches(world: World, token: TokenRecord, repo: RepositoryRecord): boolean {
  if (world.installationOf(repo) !== token.installation) return false
  return token.repositories === null || token.repositories.includes(repo)
}

function basicPassword(credential: string): string {
  const text = Buffer.from(credential, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return text.slice(0, colon) === 'x-access-token' ? text.slice(colon + 1) : ''
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>
  } catch {
    throw new ApiError(401, 'A JSON web token could not be decoded')
  }
}
