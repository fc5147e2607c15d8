// Why a remote piece is not to be had, in words that people read. Thrown on the way down, and turned into data at the
// door of the room: a fetch fails in many places, and none of them can go on.

/** `reason` completes a sentence, such as `charts.example.com is not allowed`; `remedy` is one. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly reason: string,
    readonly remedy: string,
  ) {
    super(reason)
  }
}

export const VENDOR = 'Vendor it into the tree, so that what is judged is what is reviewed.'
export const LATER = 'Check again once that is mended, or vendor it into the tree.'

/** The host may not be asked at all. `host` has its port where that is not 443. */
export function notAllowed(host: string): Refusal {
  return new Refusal(
    `${host} is not allowed`,
    `Vendor it into the tree, or allow ${host} under remote.allow in .github/ambient-guard.yml; its version must be pinned.`,
  )
}

export function notPinned(what: string, pin: string): Refusal {
  return new Refusal(what, `Pin it to ${pin}: what is judged then is what will be applied.`)
}

/** What a stranger wrote, as part of a sentence: one line, and not too much of it. */
export function quoted(text: string): string {
  const plain = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()
  return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain
}
