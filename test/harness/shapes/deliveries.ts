// How GitHub prints an attempt to deliver a webhook.
import { TIMED_OUT } from '../model/webhooks.ts'
import type { Delivery } from '../types.ts'

/** OpenAPI `hook-delivery-item`. */
export function delivery(one: Delivery): Record<string, unknown> {
  const [code, status] = told(one)
  return {
    id: one.number,
    guid: one.id,
    delivered_at: one.at,
    redelivery: one.redelivery,
    duration: 0.03,
    status,
    status_code: code,
    event: one.event,
    action: one.action,
    installation_id: idOf(one.payload['installation']),
    repository_id: idOf(one.payload['repository']),
    throttled_at: null,
  }
}

/** Where nobody answers, GitHub speaks as a proxy would. */
function told({ status, body }: Delivery): readonly [number, string] {
  if (status === null) return body === TIMED_OUT ? [504, TIMED_OUT] : [502, 'failed to connect to host']
  return [status, status >= 200 && status < 300 ? 'OK' : `Invalid HTTP Response: ${String(status)}`]
}

function idOf(part: unknown): number | null {
  return typeof part === 'object' && part !== null && 'id' in part ? Number(part.id) : null
}
