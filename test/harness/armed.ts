// What a story has laid out for things to come: each waits for what fits it, lets some of it by, and is used up.
import type { FaultHandle, Turn } from './types.ts'

interface Entry<Seen, What> {
  readonly fits: (seen: Seen) => boolean
  readonly what: What
  skip: number
  left: number
  hits: number
}

export class Armed<Seen, What> {
  private readonly entries: Entry<Seen, What>[] = []

  add(what: What, fits: (seen: Seen) => boolean, { skip = 0, times = 1 }: Turn = {}): FaultHandle {
    const entry = { fits, what, skip, left: times, hits: 0 }
    this.entries.push(entry)
    return {
      get hits() {
        return entry.hits
      },
      stop: () => {
        entry.left = 0
      },
    }
  }

  /** Everything that is due for this, in the order in which it was laid out; asking uses it up. */
  take(seen: Seen): What[] {
    return this.entries.filter((entry) => entry.left > 0 && entry.fits(seen) && entry.skip-- <= 0).map(use)
  }

  forget(): void {
    for (const entry of this.entries) entry.left = 0
  }
}

function use<Seen, What>(entry: Entry<Seen, What>): What {
  entry.left--
  entry.hits++
  return entry.what
}
