// The queue of several processes: BullMQ on Redis. One job of BullMQ means "there is work for this key", and at most
// one for a key is worked on anywhere. What the work is stands in a list of its own, since BullMQ keeps only the newest of
// the jobs that come while one is active, and a command must not take the place of another.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue as BullQueue, DelayedError, WaitingError, Worker } from 'bullmq'
import type { Job } from 'bullmq'
import { Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import { renewHold } from './hold.ts'
import type { RenewedHold } from './hold.ts'
import { briefly, errorFields, onceAMinute } from './log.ts'
import type { Log } from './log.ts'
import { AFTER_A_WHILE, newest, within } from './queue.ts'
import type { Entry, Queue, Work } from './queue.ts'

export interface SharedQueueOptions {
  /** redis:// or rediss://, with the password in it. */
  readonly redisUrl: string
  /** All processes have the same, and nobody else has: what it did not sign is not done. */
  readonly secret: string
  /** How many keys this process works on at once. */
  readonly concurrency: number
  readonly log: Log
  /** Milliseconds after which the work of a process that died is another's; 30,000 by default. */
  readonly patience?: number | undefined
  /** Milliseconds after which work is done again that says so. */
  readonly pause?: number | undefined
}

const NAME = 'ambient-guard'

type Pulled = Job<{ readonly key: string }>

/** Milliseconds within which Redis has answered a write, where work is taken in, and how often it is asked. */
const [SILENCE, BEAT] = [10_000, 3000]
/** Milliseconds for an answer: of a webhook GitHub waits ten seconds for one, and BullMQ has its own wait for that long. */
const ANSWER = { asked: 8000, waiting: 30_000 }

/** Connects, and takes up work at once. A Redis that cannot be reached is tried again for as long as it takes. */
export function createSharedQueue<T>(
  { redisUrl, secret, concurrency, log, patience = 30_000, pause = AFTER_A_WHILE }: SharedQueueOptions,
  work: Work<T>,
): Queue<T> {
  const name = nameOf(secret)
  const connect = (socketTimeout: number): Connection =>
    new Connection(redisUrl, { maxRetriesPerRequest: null, socketTimeout, reconnectOnError: isElsewhere })
  const [asking, working] = [connect(ANSWER.asked), connect(ANSWER.waiting)]
  const told = sparingly(log, () => asking.status === 'ready' && working.status === 'ready')
  for (const connection of [asking, working]) connection.on('error', told.lost).on('ready', told.back)
  let closed = false
  let begun = false
  asking.once('ready', () => {
    inspect(asking, log).catch((error: unknown) => {
      if (!closed) log.warn(errorFields(error), 'Redis does not say whether it keeps what it is given')
    })
  })
  const bull = new BullQueue(name, { connection: asking })
  bull.on('error', told.lost)

  /** Of a key that waits because of what nobody asked for, or of what is to be done again later, somebody asks now. */
  const hurry = async (job: Job): Promise<void> => {
    const { id } = job
    const isIn = async (set: string): Promise<boolean> =>
      id !== undefined && (await asking.zscore(bull.toKey(set), id)) !== null
    // One that has begun meanwhile is no longer there to be moved.
    if (await isIn('prioritized')) await job.changePriority({ priority: 0 }).catch(() => undefined)
    else if (await isIn('delayed')) await job.promote().catch(() => undefined)
  }
  const listOf = (key: string): string => `${name}:work:${key}`
  /** Does what there is for a key; not to the end where the work found that the hold on it is lost. Is some left for later? */
  const serve = async (key: string, hold: RenewedHold): Promise<boolean> => {
    const take = (text: string): Promise<number> => working.lrem(listOf(key), 1, text)
    const found: { readonly text: string; readonly entry: Entry<T> }[] = []
    for (const text of await working.lrange(listOf(key), 0, -1)) {
      const entry = opened<T>(text, secret)
      if (entry?.key === key) found.push({ text, entry })
      else {
        log.error({ key }, 'work that this app did not leave was thrown away')
        await take(text)
      }
    }
    let isLeft = false
    for (const entry of newest(found.map((one) => one.entry))) {
      const outcome = await work(entry, hold)
      if (hold.wasDenied) return false
      if (outcome === 'again') {
        isLeft = true
        continue
      }
      // Only now: what a process that dies has not done is done by the next.
      for (const { text } of found.filter((one) => one.entry.slot === entry.slot)) await take(text)
    }
    return isLeft
  }
  const running = new Map<string, Promise<void>>()
  const ending = new AbortController()
  const workOn = async (job: Pulled, token = ''): Promise<void> => {
    const { key } = job.data
    // A Redis that was silent for long gives a key to whoever asks, and this process may still be at it: others may
    // begin at once. Held on to meanwhile, it would look like the work of one who died.
    if (running.has(key)) await offer(job, token, AGAIN)
    const hold = renewHold(async (lasting) => (await job.extendLock(token, lasting)) === 1, patience)
    const own = (async () => {
      let isOurs = await hold.regained(ending.signal)
      while (isOurs) {
        const isLeft = await serve(key, hold)
        if (!hold.wasDenied && hold.isOurs()) return isLeft ? offer(job, token, pause) : undefined
        isOurs = await hold.regained(ending.signal)
      }
      log.warn({ key }, 'work was left to whoever takes it up')
      // Nothing was begun: others need not wait for the end of its lock. Otherwise somebody finds it then.
      if (ending.signal.aborted)
        await within(
          job.moveToWait(token).catch(() => undefined),
          1000,
        )
      throw new WaitingError()
    })()
    running.set(key, own)
    try {
      await own
    } finally {
      hold.end()
      running.delete(key)
    }
  }
  const worker = new Worker<Pulled['data']>(name, workOn, {
    connection: working,
    concurrency,
    lockDuration: patience,
    // The hold does that, and knows when it was done.
    skipLockRenewal: true,
    stalledInterval: patience,
    maxStalledCount: MAX_DEATHS,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  })
  worker.on('error', told.lost)
  worker.on('failed', (job, error) => {
    log.error({ key: job?.data.key, ...errorFields(error) }, 'work was given up')
  })

  // What BullMQ asks at its beginning it asks once: it waits for a Redis that comes late. From then on, who hears a
  // webhook must not wait for a Redis that is gone: GitHub is told, and keeps the delivery.
  const begin = async (): Promise<void> => {
    await Promise.all([bull.waitUntilReady(), worker.waitUntilReady()])
    // Of a database that there is not, ioredis says so and goes on in the first one.
    await asking.select(asking.options.db ?? 0)
  }
  begin().then(
    () => {
      asking.options.maxRetriesPerRequest = 1
      heard = performance.now()
      begun = true
    },
    (error: unknown) => {
      if (!closed) log.error(errorFields(error), 'no work is taken in: the queue cannot begin on this Redis')
    },
  )

  // A connection to a Redis that hangs, has no room, or has become a replica looks as good as any.
  let heard = 0
  let isAsked = false
  const beat = async (): Promise<void> => {
    if (!begun || isAsked) return
    isAsked = true
    try {
      await asking.set(`${name}:beat`, '1', 'PX', SILENCE)
      heard = performance.now()
      told.back()
    } catch (error) {
      heard = -Infinity
      if (!closed) told.lost(error as Error)
    } finally {
      isAsked = false
    }
  }
  const pulse = setInterval(() => void beat(), BEAT).unref()
  const isReady = (): boolean =>
    begun &&
    !closed &&
    performance.now() - heard < SILENCE &&
    asking.status === 'ready' &&
    working.status === 'ready'
  const depth: Queue<T>['depth'] = async () => {
    if (!isReady()) return null
    const counts = await bull.getJobCounts('wait', 'active', 'delayed', 'prioritized').catch(told.lost)
    if (counts === undefined) return null
    const { active = 0, ...others } = counts
    return { waiting: Object.values(others).reduce((sum, count) => sum + count, 0), running: active }
  }
  return {
    async enqueue(entry) {
      if (!isReady()) throw new Error('no work is taken in: Redis does not answer')
      await asking.rpush(listOf(entry.key), sealed(entry, secret))
      // Of a key that is worked on, BullMQ keeps how the newest was asked for: also for what came before.
      const isAsked =
        entry.later !== true ||
        (await asking.lrange(listOf(entry.key), 0, -1)).some(
          (text) => opened<T>(text, secret)?.later !== true,
        )
      const job = await bull.add(
        'look',
        { key: entry.key },
        {
          deduplication: { id: entry.key, keepLastIfActive: true },
          ...(isAsked ? {} : { priority: LATER }),
        },
      )
      if (isAsked) await hurry(job)
    },
    async idle() {
      for (;;) {
        const now = await depth()
        if (now?.waiting === 0 && now.running === 0) return
        await sleep(20)
      }
    },
    async drain(milliseconds) {
      closed = true
      ending.abort()
      clearInterval(pulse)
      // A worker that lost its Redis may wait for it for good: what matters is that nothing is worked on any more.
      const ended = await within(
        Promise.race([worker.close().catch(told.lost), atRest(() => running.size === 0)]),
        milliseconds,
      )
      await within(bull.close().catch(told.lost), AT_REST)
      for (const connection of [asking, working]) connection.disconnect()
      return ended
    },
    depth,
    ready: isReady,
    async turn(what, milliseconds) {
      if (!isReady()) throw new Error('no turn is given: Redis does not answer')
      const set = await asking.set(`${name}:turn:${what}`, '1', 'PX', milliseconds, 'NX')
      return set === 'OK'
    },
  }
}

/** Milliseconds without work after which none is going to begin. */
const AT_REST = 2000

/** Resolves once there has been rest for that long. */
async function atRest(isAtRest: () => boolean): Promise<void> {
  for (let since = performance.now(); performance.now() - since < AT_REST;) {
    await sleep(20)
    if (!isAtRest()) since = performance.now()
  }
}

/** Its signature, a space, and what is signed. */
function sealed(entry: Entry<unknown>, secret: string): string {
  const text = JSON.stringify(entry)
  return `${signature(text, secret).toString('hex')} ${text}`
}

/** What was sealed; null where it was not, or not by us. */
function opened<T>(sealedText: string, secret: string): Entry<T> | null {
  const [, given, text] = /^([0-9a-f]{64}) (.*)$/s.exec(sealedText) ?? []
  if (given === undefined || text === undefined) return null
  return timingSafeEqual(Buffer.from(given, 'hex'), signature(text, secret))
    ? (JSON.parse(text) as Entry<T>)
    : null
}

function signature(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}

/** Ends what BullMQ takes for work: somebody may take it up in so many milliseconds. */
async function offer(job: Pulled, token: string, milliseconds: number): Promise<never> {
  await job.moveToDelayed(Date.now() + milliseconds, token)
  throw new DelayedError()
}

/** Milliseconds after which a key that this process is still at is offered again. */
const AGAIN = 500

/** BullMQ takes what has no priority first. */
const LATER = 1

/** Work that has ended so many processes is let go: it may be what ends them. */
const MAX_DEATHS = 3

/** Apps with another secret cannot read each other's work, and do not meet in one Redis. */
function nameOf(secret: string): string {
  return `${NAME}-${signature(NAME, secret).toString('hex').slice(0, 12)}`
}

/** Another Redis has become the one that writes: the name leads there by now. */
function isElsewhere(error: Error): boolean {
  return error.message.startsWith('READONLY')
}

/** Says that Redis cannot be used, again after a while, and when it can be; it is tried many times a second. */
function sparingly(
  log: Log,
  isBack: () => boolean,
): { readonly lost: (error: Error) => void; readonly back: () => void } {
  const isTime = onceAMinute()
  let isLost = false
  return {
    lost: (error) => {
      // Also after it is back: of several connections one may be late to see that.
      if (!isTime()) return
      isLost = true
      log.warn(briefly(error), 'Redis cannot be used')
    },
    back: () => {
      if (!isLost || !isBack()) return
      isLost = false
      log.info({}, 'Redis can be used again')
    },
  }
}

/** What BullMQ is connected with. It would print on the console what it thinks of the policy of its Redis. */
class Connection extends Redis {
  override duplicate(override?: Partial<RedisOptions>): Connection {
    return new Connection({ ...this.options, ...override })
  }

  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    const sent = super.sendCommand(command, stream)
    if (command.name !== 'info' || command.args.length > 0) return sent
    const told = Promise.resolve(sent).then((info) =>
      typeof info === 'string' ? info.replace(/^maxmemory_policy:.*$/m, '') : info,
    )
    // ioredis hears by a callback whether it failed, and leaves the promise alone.
    told.catch(() => undefined)
    return told
  }
}

/** Says where a Redis lets go of what it is given. @see https://docs.bullmq.io/guide/going-to-production#max-memory-policy */
async function inspect(redis: Redis, log: Log): Promise<void> {
  const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory')) ?? []
  if (policy === 'noeviction') return
  log.warn({ policy }, 'Redis may drop work when its memory is full: set its maxmemory-policy to noeviction')
}
