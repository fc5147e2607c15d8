// Webhooks: signed with the app's secret, ten seconds to answer, never sent twice by themselves.
import { createHmac, randomUUID } from 'node:crypto'
import type { Delivery, Listener } from '../types.ts'

type Payload = Readonly<Record<string, unknown>>

/** GitHub's own limit (docs: best practices for using webhooks). */
const TIMEOUT_MS = 10_000

export class Webhooks {
  readonly deliveries: Delivery[] = []
  target: string | Listener | null = null
  private readonly secret: string
  private readonly events: readonly string[]
  private readonly underWay = new Set<Promise<unknown>>()

  constructor(secret: string, events: readonly string[]) {
    this.secret = secret
    this.events = events
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
      new Promise<void>((resolve) => setTimeout(resolve, 5))
        .then(payload)
        .then((ready) => this.send(randomUUID(), event, ready)),
    )
  }

  redeliver(delivery: Delivery): Promise<Delivery> {
    return this.track(this.send(delivery.id, delivery.event, delivery.payload))
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

  private async send(id: string, event: string, payload: Payload): Promise<Delivery> {
    const text = JSON.stringify(payload)
    const signature = `sha256=${createHmac('sha256', this.secret).update(text).digest('hex')}`
    const heard = this.events.includes(event) && payload['installation'] !== undefined
    const [status, body] = heard ? await this.post(id, event, text, signature) : [null, 'not subscribed']
    const action = typeof payload['action'] === 'string' ? payload['action'] : null
    const delivery = { id, event, action, payload, status, body, signature }
    this.deliveries.push(delivery)
    return delivery
  }

  private async post(
    id: string,
    event: string,
    text: string,
    signature: string,
  ): Promise<[number | null, string]> {
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
      return [null, error instanceof Error ? error.message : String(error)]
    }
  }
}
