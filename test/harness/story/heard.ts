// Who did something, and what the app was told and answered.

/** Who does it; default `maintainer` for comments and buttons, the pull's author for pushes. */
export interface By {
  readonly by?: string
}
export interface PushOptions extends By {
  readonly message?: string
}

/** One webhook as it was sent, and what came back. `status` is null when nobody answered or listens. */
export interface Delivery {
  /** X-GitHub-Delivery. */
  readonly id: string
  readonly event: string
  readonly action: string | null
  readonly payload: Readonly<Record<string, unknown>>
  readonly status: number | null
  readonly body: string
  readonly signature: string
  /** By which the app names it; every attempt has its own. Zero where it was never sent: nobody subscribed. */
  readonly number: number
  readonly redelivery: boolean
  /** ISO 8601, of the attempt. */
  readonly at: string
}
/** A delivery about a comment. */
export interface CommentDelivery extends Delivery {
  readonly commentId: number
}
/** How deliveries reach the app when not by HTTP: e.g. `probot.receive`. */
export type Listener = (delivery: Pick<Delivery, 'id' | 'event' | 'payload'>) => Promise<unknown>

/** How many that fit are let by before the first counts (default 0), and how many count (default 1). */
export interface Turn {
  readonly skip?: number
  readonly times?: number
}
/** Which webhooks fail, and how. */
export interface DeliveryLoss extends Turn {
  readonly event?: string
  readonly action?: string
  /** What something before the app answers; default null: nobody answers. */
  readonly status?: number | null
  /** Does the app hear it all the same, only its answer is lost? */
  readonly arrives?: boolean
}
