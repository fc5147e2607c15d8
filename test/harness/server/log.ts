// What reached the stand-in, what went wrong, and the faults a story asked for.
import { Armed } from '../armed.ts'
import type { Delivery, Fault, FaultHandle, Hook, Request, RequestFilter, Turn } from '../types.ts'

export type Seen = Pick<Request, 'method' | 'path' | 'operations'> & { readonly body?: unknown }
type When = 'before' | 'after'

export class Log {
  readonly violations: string[] = []
  readonly unknown: string[] = []
  requests: Request[] = []
  private readonly faults = new Armed<Seen, Fault>()
  private readonly hooks = { before: new Armed<Seen, Hook>(), after: new Armed<Seen, Hook>() }

  fail(fault: Fault): FaultHandle {
    return this.faults.add(fault, (seen) => matches(fault, seen), fault)
  }

  forgetFaults(): void {
    this.faults.forget()
  }

  interrupt(when: When, filter: RequestFilter & Turn, hook: Hook): FaultHandle {
    return this.hooks[when].add(hook, (seen) => matches(filter, seen), filter)
  }

  /** The fault for this request, used up by asking. */
  faultFor(seen: Seen): Fault | undefined {
    return this.faults.take(seen)[0]
  }

  /** Runs what a story has laid out for this moment; true when the connection is to end without an answer. */
  async runHooks(when: When, seen: Seen): Promise<boolean> {
    let ended = false
    const hangUp = (): void => {
      ended = true
    }
    for (const hook of this.hooks[when].take(seen)) await hook({ hangUp })
    return ended
  }

  assertClean(deliveries: readonly Delivery[]): void {
    const unverified = deliveries.filter(
      ({ status, body }) => (status ?? 0) >= 400 && /signature/i.test(body),
    )
    const troubles = [
      ...unverified.map(({ event, body }) => `the signature of ${event} was not accepted: ${body}`),
      ...this.violations.map((one) => `breach of the description: ${one}`),
      ...this.unknown.map((one) => `unknown: ${one}`),
    ]
    if (troubles.length > 0)
      throw new Error(`the stand-in for GitHub was not used well:\n${troubles.join('\n')}`)
  }
}

/** Does a request fit a filter? In a path text, `*` is one part. */
export function matches(filter: RequestFilter, seen: Seen): boolean {
  if (filter.method !== undefined && filter.method !== seen.method) return false
  if (filter.operation !== undefined && !seen.operations.includes(filter.operation)) return false
  return fits(filter.path, seen.path) && filter.where?.(seen.body) !== false
}

function fits(wanted: string | RegExp | undefined, path: string): boolean {
  if (wanted === undefined) return true
  if (wanted instanceof RegExp) return new RegExp(wanted.source, wanted.flags).test(path)
  const [some, parts] = [wanted.split('/'), path.split('/')]
  return some.length === parts.length && some.every((part, index) => part === '*' || part === parts[index])
}
