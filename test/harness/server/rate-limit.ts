// The primary rate limit: so many requests an hour for each installation, told in headers on every answer.
import type { Actor } from './tokens.ts'

const HOUR_MS = 3_600_000

export class RateLimit {
  private readonly limit: number
  private readonly used = new Map<string, { count: number; resetAt: number }>()

  constructor(limit: number) {
    this.limit = limit
  }

  /** Counts one request; `exceeded` says that GitHub would refuse it. */
  take(actor: Actor, resource: 'core' | 'graphql'): { headers: Record<string, string>; exceeded: boolean } {
    const who = actor.kind === 'installation' ? String(actor.token.installation.id) : actor.kind
    const key = `${who} ${resource}`
    const known = this.used.get(key)
    const window =
      known !== undefined && known.resetAt > Date.now() ? known : { count: 0, resetAt: Date.now() + HOUR_MS }
    const exceeded = window.count >= this.limit
    if (!exceeded) window.count++
    this.used.set(key, window)
    return {
      exceeded,
      headers: {
        'x-ratelimit-limit': String(this.limit),
        'x-ratelimit-remaining': String(this.limit - window.count),
        'x-ratelimit-reset': String(Math.ceil(window.resetAt / 1000)),
        'x-ratelimit-used': String(window.count),
        'x-ratelimit-resource': resource,
      },
    }
  }
}
