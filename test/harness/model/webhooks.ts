// Webhooks: signed with the app's secret, ten seconds to answer, never sent twice by themselves.
import { createHmac, randomUUID } from 'node:crypto'
import { Armed } from '../armed.ts'
import type { Delivery, DeliveryLoss, FaultHandle, Listener } from '../types.ts'

type Payload = Readonly<Record<string, unknown>>
type Named = Pick<Delivery, 'event' | 'action'>
/** What came back: the status, or null and why there is none. */
type Outcome = readonly [status: number | null, body: string]

/** GitHub's own limit (docs: best practices for using webhooks). */
const TIMEOUT_MS = 10_000
/** So long can a delivery be listed and sent again (docs: viewing webhook deliveries). */
const KEPT_MS = 3 * 24 * 3_600_000
/** The numbers of deliveries left 32 bits behind long ago. */
const FIRST_NUMBER = 50_000_000_001
export const TIMED_OUT = 'timed out'

export class Webhooks {
  readonly deliveries: Delivery[] = []
  target: string | Listener | null = null
  private readonly secret: string
  private readonly events: readonly string[]
  private readonly now: () => Date
  private readonly losses = new Armed<Named, DeliveryLoss>()
  private readonly underWay = new Set<Promise<unknown>>()
  private next = FIRST_NUMBER

  constructor(secret: string, events: readonly string[], now: () => Date) {
    this.secret = secret
    this.events = events
    this.now = now
  }

  /**
   * Sends one event and resolves with what came back. Not subscribed, not installed (`payload.installation`
   * missing) or nobody listening: recorded with status null.
   */
  deliver(event: string, payload: Payload): Promise<Delivery> {
    return this.track(this.send(randomUUID(), event, payload))
  }

  /** Sends one when the present request has been answered. */
  later(event: string, payload: () => Payload | Promise<Payload>): void {
    void this.track(
      this.soon()
        .then(payload)
        .then((ready) => this.send(randomUUID(), event, ready)),
    )
  }

  redeliver({ id, event, payload }: Delivery): Promise<Delivery> {
    return this.track(this.send(id, event, payload, true))
  }

  /** Sends one again when the present request has been answered. */
  redeliverLater({ id, event, payload }: Delivery): void {
    void this.track(this.soon().then(() => this.send(id, event, payload, true)))
  }

  loses(loss: DeliveryLoss): FaultHandle {
    const { event, action } = loss
    const fits = (seen: Named): boolean =>
      (event === undefined || event === seen.event) && (action === undefined || action === seen.action)
    return this.losses.add(loss, fits, loss)
  }

  /** The attempts that GitHub still knows, newest first. */
  known(): Delivery[] {
    const since = this.now().getTime() - KEPT_MS
    return this.deliveries
      .filter(({ number, at }) => number > 0 && Date.parse(at) >= since)
      .sort((a, b) => b.number - a.number)
  }

  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled([...this.underWay])
  }

  /** Counts work as under way until it ends: `settled` waits for it. */
  track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work)
    const done = (): void => void this.underWay.delete(work)
    work.then(done, done)
    return work
  }

  private soon(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 5))
  }

  private async send(id: string, event: string, payload: Payload, redelivery = false): Promise<Delivery> {
    const text = JSON.stringify(payload)
    const signature = `sha256=${createHmac('sha256', this.secret).update(text).digest('hex')}`
    const heard = this.events.includes(event) && payload['installation'] !== undefined
    const action = typeof payload['action'] === 'string' ? payload['action'] : null
    const number = heard ? this.next++ : 0
    const at = this.now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
    const [status, body] = heard
      ? await this.attempt(id, { event, action }, text, signature)
      : [null, 'not subscribed']
    const delivery = { id, event, action, payload, status, body, signature, number, redelivery, at }
    this.deliveries.push(delivery)
    return delivery
  }

  private async attempt(id: string, named: Named, text: string, signature: string): Promise<Outcome> {
    const [loss] = this.losses.take(named)
    if (loss !== undefined && loss.arrives !== true) return [loss.status ?? null, 'a story lost it']
    const outcome = await this.post(id, named.event, text, signature)
    return loss === undefined ? outcome : [loss.status ?? null, TIMED_OUT]
  }

  private async post(id: string, event: string, text: string, signature: string): Promise<Outcome> {
    if (this.target === null) return [null, 'nobody listens']
    try {
      if (typeof this.target === 'function') {
        await this.target({ id, event, payload: JSON.parse(text) as Payload })
        return [200, 'ok']
      }
      const answer = await fetch(this.target, {
        method: 'POST',
        body: text,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/0000000',
          'x-github-event': event,
          'x-github-delivery': id,
          'x-hub-signature-256': signature,
        },
      })
      return [answer.status, await answer.text()]
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') return [null, TIMED_OUT]
      return [null, error instanceof Error ? error.message : String(error)]
    }
  }
}
