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
}
/** A delivery about a comment. */
export interface CommentDelivery extends Delivery {
  readonly commentId: number
}
/** How deliveries reach the app when not by HTTP: e.g. `probot.receive`. */
export type Listener = (delivery: Pick<Delivery, 'id' | 'event' | 'payload'>) => Promise<unknown>
