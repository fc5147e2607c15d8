// What reached the stand-in, what went wrong, and the faults a story asked for.
import type { Delivery, Fault, FaultHandle, Request, RequestFilter } from '../types.ts'

interface Armed<T> {
  readonly filter: RequestFilter
  readonly what: T
  left: number
  hits: number
}
type Hook = () => void | Promise<void>
type Seen = Pick<Request, 'method' | 'path' | 'operations'> & { readonly body?: unknown }

export class Log {
  readonly violations: string[] = []
  readonly unknown: string[] = []
  requests: Request[] = []
  private readonly faults: Armed<Fault>[] = []
  private readonly hooks: Armed<Hook>[] = []

  fail(fault: Fault): FaultHandle {
    return arm(this.faults, fault, fault, fault.times ?? 1)
  }

  forgetFaults(): void {
    for (const armed of this.faults) armed.left = 0
  }

  before(filter: RequestFilter, hook: Hook, times = 1): FaultHandle {
    return arm(this.hooks, filter, hook, times)
  }

  /** The fault for this request, used up by asking. */
  faultFor(seen: Seen): Fault | undefined {
    return take(this.faults, seen)[0]
  }

  async runHooks(seen: Seen): Promise<void> {
    for (const hook of take(this.hooks, seen)) await hook()
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

function arm<T>(list: Armed<T>[], filter: RequestFilter, what: T, times: number): FaultHandle {
  const armed: Armed<T> = { filter, what, left: times, hits: 0 }
  list.push(armed)
  return {
    get hits() {
      return armed.hits
    },
    stop: () => {
      armed.left = 0
    },
  }
}

function take<T>(list: readonly Armed<T>[], seen: Seen): T[] {
  return list
    .filter((armed) => armed.left > 0 && matches(armed.filter, seen))
    .map((armed) => {
      armed.left--
      armed.hits++
      return armed.what
    })
}
