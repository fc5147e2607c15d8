// Work in this process: one piece at a time for each key, a bounded number at once. A piece means "look again", so a
// newer one of the same slot takes the place of one that still waits.
import { setTimeout as sleep } from 'node:timers/promises'

/** A piece of work, as data: it may be done by another process than the one that heard of it. */
export interface Entry<T> {
  /** Pieces of one key are never worked on at once. */
  readonly key: string
  /** Pieces of one key and slot are interchangeable while they wait; commands have slots of their own. */
  readonly slot: string
  readonly task: T
  /** Nobody waits for it: others go first. */
  readonly later?: true
}

/** What keeps others from the key of a piece while it is worked on. */
export interface Hold {
  /**
   * False where another process may be at it by now. Whoever is told so says nothing more to anybody, and ends: the piece is
   * done again.
   */
  isOurs(): boolean
}

/**
 * Does one piece. It must not throw: what fails is told by the work itself. Resolves with `again` where it could neither be
 * done nor be told, and is to be done after a while.
 */
export type Work<T> = (entry: Entry<T>, hold: Hold) => Promise<unknown>

/** Milliseconds after which a piece is done again that could not be. */
export const AFTER_A_WHILE = 5 * 60_000

/** In one process nobody else can come. */
const FOR_GOOD: Hold = { isOurs: () => true }

export interface Depth {
  readonly waiting: number
  readonly running: number
}

export interface Queue<T> {
  /** Resolves when the piece will be done, whatever happens to this process as far as the queue can promise that. */
  enqueue(entry: Entry<T>): Promise<void>
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>
  /**
   * Takes nothing more up, and waits for what runs, at most so many milliseconds. False where something still runs
   * then. What waits is left to other processes, or to the next sweep: GitHub is the state.
   */
  drain(milliseconds: number): Promise<boolean>
  /** Null while nobody can tell: the queue is kept elsewhere, and that does not answer. */
  depth(): Promise<Depth | null>
  /** Can work be taken in at the moment? */
  ready(): boolean
  /** True for one caller in so many milliseconds, among all processes that share the queue. */
  turn(name: string, milliseconds: number): Promise<boolean>
}

/** @param concurrency how many keys are worked on at once @param pause milliseconds after which `again` is */
export function createQueue<T>(concurrency: number, work: Work<T>, pause = AFTER_A_WHILE): Queue<T> {
  const waiting = new Map<string, Entry<T>[]>()
  const running = new Set<string>()
  const turns = new Map<string, number>()
  let closed = false
  let onIdle: (() => void)[] = []

  const next = (): void => {
    for (const isLast of [false, true])
      for (const [key, entries] of waiting) {
        if (running.size >= concurrency) return
        if (running.has(key) || (!isLast && entries.every(({ later }) => later === true))) continue
        const entry = entries.shift()
        // At the end of the row of keys, so that a busy pull request does not keep others waiting.
        waiting.delete(key)
        if (entries.length > 0) waiting.set(key, entries)
        if (entry !== undefined) start(entry)
      }
    if (running.size > 0 || waiting.size > 0) return
    const resolve = onIdle
    onIdle = []
    for (const done of resolve) done()
  }
  const start = (entry: Entry<T>): void => {
    running.add(entry.key)
    void work(entry, FOR_GOOD)
      .then((outcome) => {
        if (outcome === 'again') setTimeout(() => void take(entry), pause).unref()
      })
      .finally(() => {
        running.delete(entry.key)
        next()
      })
  }
  const take = (entry: Entry<T>): boolean => {
    if (closed) return false
    // A key that waits keeps its place, however often there is news of it.
    waiting.set(entry.key, newest([...(waiting.get(entry.key) ?? []), entry]))
    next()
    return true
  }
  const idle = (): Promise<void> =>
    running.size === 0 && waiting.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => onIdle.push(resolve))

  return {
    enqueue(entry) {
      return take(entry)
        ? Promise.resolve()
        : Promise.reject(new Error('no more work is taken: this process is ending'))
    },
    idle,
    drain(milliseconds) {
      closed = true
      waiting.clear()
      return within(idle(), milliseconds)
    },
    depth: () =>
      Promise.resolve({
        waiting: [...waiting.values()].reduce((sum, entries) => sum + entries.length, 0),
        running: running.size,
      }),
    ready: () => !closed,
    turn(name, milliseconds) {
      // A clock that goes back must not make anybody wait for it.
      const now = performance.now()
      for (const [known, until] of turns) if (until <= now) turns.delete(known)
      if (turns.has(name)) return Promise.resolve(false)
      turns.set(name, now + milliseconds)
      return Promise.resolve(true)
    },
  }
}

/** Of each slot the newest that somebody waits for, else the newest, in the order in which they came. */
export function newest<T>(entries: readonly Entry<T>[]): Entry<T>[] {
  const bySlot = new Map<string, Entry<T>>()
  for (const entry of entries) {
    const kept = bySlot.get(entry.slot)
    if (kept === undefined || kept.later === true || entry.later !== true) bySlot.set(entry.slot, entry)
  }
  return entries.filter((entry) => bySlot.get(entry.slot) === entry)
}

/** Did it end in so many milliseconds? */
export async function within(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const over = new AbortController()
  const inTime = work.then(() => true)
  const tooLate = sleep(milliseconds, false, { signal: over.signal }).catch(() => false)
  return Promise.race([inTime, tooLate]).finally(() => {
    over.abort()
  })
}
