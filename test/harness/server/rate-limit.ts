// The primary rate limit: so many requests an hour for each installation, told in headers on every answer.
import type { Actor } from './tokens.ts'

type Resource = 'core' | 'graphql'
interface Window {
  readonly resetAt: number
  count: number
}

const HOUR_MS = 3_600_000

export class RateLimit {
  private readonly limit: number
  private readonly windows = new Map<string, Window>()

  constructor(limit: number) {
    this.limit = limit
  }

  /** Would GitHub refuse another request? */
  exhausted(actor: Actor, resource: Resource): boolean {
    return this.window(actor, resource).count >= this.limit
  }

  /** Counts one request and answers the headers. */
  take(actor: Actor, resource: Resource): Record<string, string> {
    const window = this.window(actor, resource)
    window.count = Math.min(this.limit, window.count + 1)
    return {
      'x-ratelimit-limit': String(this.limit),
      'x-ratelimit-remaining': String(this.limit - window.count),
      'x-ratelimit-reset': String(Math.ceil(window.resetAt / 1000)),
      'x-ratelimit-used': String(window.count),
      'x-ratelimit-resource': resource,
    }
  }

  private window(actor: Actor, resource: Resource): Window {
    const who = actor.kind === 'installation' ? String(actor.token.installation.id) : actor.kind
    const key = `${who} ${resource}`
    const known = this.windows.get(key)
    if (known !== undefined && known.resetAt > Date.now()) return known
    const fresh = { count: 0, resetAt: Date.now() + HOUR_MS }
    this.windows.set(key, fresh)
    return fresh
  }
}
