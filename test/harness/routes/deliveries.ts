// The webhooks of the app as it sees them itself: what was sent in the last days, what came back, and sending again.
import { ApiError, notFound } from '../errors.ts'
import { delivery } from '../shapes/deliveries.ts'
import { appOnly } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'
import type { Delivery } from '../types.ts'

export const deliveryRoutes: readonly Route[] = [
  { method: 'GET', template: '/app/hook/deliveries', handle: list },
  { method: 'POST', template: '/app/hook/deliveries/{delivery_id}/attempts', handle: attempt },
]

/** Newest first. A page begins at a cursor, which only the Link header tells; there are no numbered pages. */
function list(call: Call): Answer {
  appOnly(call)
  const status = call.query.get('status')
  const all = call.world.hooks
    .known()
    .filter((one) => status === null || (status === 'success') === succeeded(one))
  const size = Math.min(100, Math.max(1, Number(call.query.get('per_page') ?? 30) || 30))
  const cursor = call.query.get('cursor')
  const from = cursor === null ? 0 : all.findIndex((one) => cursorOf(one) === cursor)
  if (from === -1) throw new ApiError(422, 'Invalid cursor')
  const next = all[from + size]
  return {
    status: 200,
    body: all.slice(from, from + size).map(delivery),
    headers: next === undefined ? {} : { link: linkTo(call, cursorOf(next)) },
  }
}

function attempt(call: Call): Answer {
  appOnly(call)
  const id = Number(call.params['delivery_id'])
  const found = call.world.hooks.known().find((one) => one.number === id)
  if (found === undefined) throw notFound()
  call.world.hooks.redeliverLater(found)
  return { status: 202, body: {} }
}

function succeeded({ status }: Delivery): boolean {
  return status !== null && status >= 200 && status < 300
}

function cursorOf({ number }: Delivery): string {
  return `v1_${String(number)}`
}

function linkTo(call: Call, cursor: string): string {
  const query = new URLSearchParams(call.query)
  query.set('cursor', cursor)
  return `<${call.url}?${query.toString()}>; rel="next"`
}
