// The queue of several processes, on a real Redis: two queues on one server are two processes.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Redis } from 'ioredis'
import { createSharedQueue } from '../../src/ops/shared-queue.ts'
import type { Entry, Hold, Queue, Work } from '../../src/ops/queue.ts'
import { startRedis, whyNoRedis } from './redis.ts'
import type { RedisServer } from './redis.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }
const missing = whyNoRedis()
if (missing !== null) process.stdout.write(`skipped: the queue of several processes; ${missing}\n`)

describe.skipIf(missing !== null)('the queue of several processes', { timeout: 60_000 }, () => {
  let redis: RedisServer
  let eyes: Redis
  const story: string[] = []
  const gates = new Map<string, () => void>()
  const open: Queue<string>[] = []

  const slowly =
    (who: string): Work<string> =>
    async ({ task }) => {
      story.push(`${who} takes ${task}`)
      await new Promise<void>((resolve) => gates.set(task, resolve))
      story.push(`${task} ends`)
    }
  const join = (who: string, work = slowly(who)): Queue<string> => {
    const queue = createSharedQueue(
      { redisUrl: redis.url, secret: 's3cret', concurrency: 2, log: QUIET, patience: 1000 },
      work,
    )
    open.push(queue)
    return queue
  }
  const ready = async (queue: Queue<string>): Promise<Queue<string>> => {
    while (!queue.ready()) await sleep(10)
    return queue
  }
  const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isTrue())) await sleep(10)
  }
  const entry = (key: string, task: string, slot = 'look'): Entry<string> => ({ key, slot, task })

  beforeAll(async () => {
    redis = await startRedis()
    eyes = new Redis(redis.url)
  })
  beforeEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.drain(100)))
    await eyes.flushall()
    story.length = 0
    gates.clear()
  })
  afterAll(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.drain(100)))
    eyes.disconnect()
    await redis.stop()
  })

  it('works on a key in one process at a time, and loses no command', async () => {
    const [a, b] = [await ready(join('a')), await ready(join('b'))]
    await a.enqueue(entry('pull', 'first'))
    await until(() => gates.has('first'))
    for (const queue of [a, b]) {
      await queue.enqueue(entry('pull', 'old look'))
      await queue.enqueue(entry('pull', 'new look'))
    }
    await b.enqueue(entry('pull', 'command', 'comment 1'))
    await a.enqueue(entry('pull', 'other command', 'comment 2'))
    await sleep(200)
    expect(story).toHaveLength(1)
    for (const task of ['first', 'new look', 'command', 'other command']) {
      await until(() => gates.has(task))
      gates.get(task)?.()
    }
    await a.idle()
    const taken = story.filter((line) => line.includes('takes')).map((line) => line.split(' takes ')[1])
    expect(taken).toEqual(['first', 'new look', 'command', 'other command'])
    // Nothing is left behind for a key that is done with.
    expect(await eyes.keys('*work*')).toEqual([])
  })

  it('works on several keys at once, in both processes', async () => {
    const [a, b] = [await ready(join('a')), await ready(join('b'))]
    for (const key of ['1', '2', '3', '4']) await a.enqueue(entry(key, key))
    await until(() => gates.size === 4)
    expect(await b.depth()).toEqual({ waiting: 0, running: 4 })
    for (const gate of gates.values()) gate()
    await a.idle()
    expect(story.filter((line) => line.endsWith('ends'))).toHaveLength(4)
  })

  /** A queue that is busy with two keys, `busy` and `too`. */
  const occupied = async (): Promise<Queue<string>> => {
    const queue = await ready(join('a'))
    for (const name of ['busy', 'too']) await queue.enqueue(entry(name, name))
    await until(() => gates.has('busy') && gates.has('too'))
    return queue
  }
  /** Ends these in turn, as soon as each has begun; returns what was taken after the two. */
  const served = async (queue: Queue<string>, names: readonly string[]): Promise<readonly unknown[]> => {
    for (const name of names) {
      await until(() => gates.has(name))
      gates.get(name)?.()
    }
    await queue.idle()
    const taken = story.filter((line) => line.includes('takes')).map((line) => line.split(' takes ')[1])
    return taken.slice(2)
  }

  it('serves what nobody waits for after everything else', async () => {
    const queue = await occupied()
    for (const name of ['b', 'c', 'd']) await queue.enqueue({ ...entry(name, name), later: true })
    await queue.enqueue(entry('e', 'e'))
    await queue.enqueue(entry('d', 'd2'))
    expect(await served(queue, ['busy', 'e', 'd2', 'b', 'too', 'c'])).toEqual(['e', 'd2', 'b', 'c'])
  })

  it('serves what somebody waits for in its turn, whatever a sweep finds for it afterwards', async () => {
    const queue = await occupied()
    await queue.enqueue(entry('busy', 'command', 'comment 1'))
    await queue.enqueue({ ...entry('busy', 'found', 'sweep'), later: true })
    for (const name of ['b', 'c']) await queue.enqueue({ ...entry(name, name), later: true })
    const order = ['busy', 'command', 'found', 'b', 'too', 'c']
    expect(await served(queue, order)).toEqual(['command', 'found', 'b', 'c'])
  })

  it('does what was being done by a process that died', async () => {
    const dead = await ready(join('dead'))
    await dead.enqueue(entry('pull', 'look'))
    await until(() => gates.has('look'))
    // A process that dies closes nothing: its locks are no longer renewed, and that is all that others see.
    await dead.drain(0)
    gates.delete('look')
    join('heir')
    await until(() => gates.has('look'))
    gates.get('look')?.()
    await until(() => story.length >= 3)
    expect(story.slice(0, 3)).toEqual(['dead takes look', 'heir takes look', 'look ends'])
  })

  it('does nothing that somebody else left there, or changed', async () => {
    const queue = await ready(join('a'))
    await queue.enqueue(entry('other', 'own'))
    const [list = ''] = await eyes.keys('*:work:other')
    const [own = ''] = await eyes.lrange(list, 0, -1)
    // In a slot of its own, so that nothing newer takes its place.
    const left = JSON.stringify(entry('pull', 'forged', 'button'))
    // The seal of one piece of work does not fit another, nor the same piece under another key.
    const forged = [left, `${'0'.repeat(64)} ${left}`, own.replace('own', 'forged'), own]
    await eyes.rpush(list.replace(/other$/, 'pull'), ...forged)
    await queue.enqueue(entry('pull', 'true'))
    for (const task of ['own', 'true']) {
      await until(() => gates.has(task))
      gates.get(task)?.()
    }
    await queue.idle()
    expect(story.filter((line) => line.includes('takes')).sort()).toEqual(['a takes own', 'a takes true'])
    expect(await eyes.keys('*work*')).toEqual([])
  })

  it('leaves alone what is for an app with another secret', async () => {
    const other = createSharedQueue<string>(
      { redisUrl: redis.url, secret: 'an0ther', concurrency: 2, log: QUIET, patience: 1000 },
      slowly('other'),
    )
    open.push(other)
    const own = await ready(join('own'))
    await ready(other)
    for (const key of ['1', '2', '3']) {
      await own.enqueue(entry(key, `own ${key}`))
      await other.enqueue(entry(key, `other ${key}`))
    }
    const tasks = ['own 1', 'own 2', 'own 3', 'other 1', 'other 2', 'other 3']
    for (const task of tasks) void until(() => gates.has(task)).then(() => gates.get(task)?.())
    await Promise.all([own.idle(), other.idle()])
    expect(story.filter((line) => line.includes('takes')).sort()).toEqual(
      tasks.map((task) => `${task.split(' ')[0] ?? ''} takes ${task}`).sort(),
    )
    expect(await Promise.all([own, other].map((queue) => queue.turn('sweep', 60_000)))).toEqual([true, true])
  })

  it('takes nothing in where Redis takes nothing, and says so, until it does again', async () => {
    const lines: string[] = []
    const log = { ...QUIET, warn: (...[, words]: readonly unknown[]) => void lines.push(String(words)) }
    const queue = createSharedQueue<string>(
      { redisUrl: redis.url, secret: 's3cret', concurrency: 1, log },
      slowly('a'),
    )
    open.push(queue)
    await ready(queue)
    await eyes.config('SET', 'maxmemory', '1')
    await until(() => !queue.ready())
    await expect(queue.enqueue(entry('pull', 'lost'))).rejects.toThrow('Redis does not answer')
    expect(lines).toEqual(['Redis cannot be used'])
    await eyes.config('SET', 'maxmemory', '0')
    await ready(queue)
  })

  it('notices a Redis that hangs, and goes on when it does not', { timeout: 120_000 }, async () => {
    const own = await startRedis()
    const queue = createSharedQueue<string>(
      { redisUrl: own.url, secret: 's3cret', concurrency: 1, log: QUIET },
      ({ task }) => Promise.resolve(void story.push(task)),
    )
    open.push(queue)
    await ready(queue)
    own.pause()
    await until(() => !queue.ready())
    await expect(queue.enqueue(entry('pull', 'lost'))).rejects.toThrow('Redis does not answer')
    own.goOn()
    await ready(queue)
    await queue.enqueue(entry('pull', 'task'))
    await until(() => story.length > 0)
    expect(story).toEqual(['task'])
    await queue.drain(1000)
    await own.stop()
  })

  it('works on a key once at a time in one process, whatever Redis makes of a silence', async () => {
    const own = await startRedis()
    let [now, most] = [0, 0]
    const said: boolean[] = []
    const queue = createSharedQueue<string>(
      { redisUrl: own.url, secret: 's3cret', concurrency: 4, log: QUIET, patience: 500 },
      async ({ task }, hold) => {
        now += 1
        most = Math.max(most, now)
        story.push(task)
        await new Promise<void>((resolve) => gates.set(`${task} ${String(story.length)}`, resolve))
        said.push(hold.isOurs())
        now -= 1
      },
    )
    open.push(queue)
    await ready(queue)
    await queue.enqueue(entry('pull', 'look'))
    await until(() => gates.has('look 1'))
    own.pause()
    await sleep(1500)
    own.goOn()
    // Its lock is gone, and Redis gives the key away: to this process, since there is no other. However long that is
    // still at it, the work is done again when it ends.
    await sleep(5000)
    expect(story).toEqual(['look'])
    gates.get('look 1')?.()
    await until(() => gates.has('look 2'))
    gates.get('look 2')?.()
    await queue.idle()
    expect([story, said, most]).toEqual([['look', 'look'], [false, true], 1])
    await queue.drain(100)
    await own.stop()
  })

  it('tells who works on a key that Redis gives away, and lets the other do all of it', async () => {
    const own = await startRedis()
    const [taken, told, holds] = [[] as string[], [] as string[], new Map<string, Hold>()]
    const start = (who: string): Queue<string> => {
      const queue = createSharedQueue<string>(
        { redisUrl: own.url, secret: 's3cret', concurrency: 1, log: QUIET, patience: 900 },
        async ({ task }, hold) => {
          taken.push(`${who} ${task}`)
          holds.set(who, hold)
          await new Promise<void>((resolve) => gates.set(who, resolve))
          told.push(`${who} ${String(hold.isOurs())}`)
        },
      )
      open.push(queue)
      return queue
    }
    const first = await ready(start('first'))
    await first.enqueue(entry('pull', 'look'))
    await first.enqueue(entry('pull', 'command', 'comment 1'))
    await until(() => gates.has('first'))
    expect(holds.get('first')?.isOurs()).toBe(true)
    const second = await ready(start('second'))
    // Longer than the lock lasts: while it is renewed, it stays.
    await sleep(2000)
    expect([taken, holds.get('first')?.isOurs()]).toEqual([['first look'], true])
    own.pause()
    // Told before anybody else can have it.
    const paused = performance.now()
    await until(() => holds.get('first')?.isOurs() === false)
    expect(performance.now() - paused).toBeLessThan(900)
    await sleep(1500)
    own.goOn()
    await until(() => taken.length > 1)
    // Whoever has it now has it: of the two processes either may be asked first.
    expect(taken[1]).toBe('second look')
    for (const who of ['first', 'second']) gates.get(who)?.()
    gates.delete('second')
    await until(() => gates.has('second'))
    gates.get('second')?.()
    await second.idle()
    expect(taken).toEqual(['first look', 'second look', 'second command'])
    expect(told.sort()).toEqual(['first false', 'second true', 'second true'])
    await Promise.all([first, second].map((queue) => queue.drain(1000)))
    await own.stop()
  })

  it('does again what could not be done, after a while, or with what comes for its key before', async () => {
    const done: string[] = []
    const start = (pause: number): Queue<string> => {
      const queue = createSharedQueue<string>(
        { redisUrl: redis.url, secret: `s${String(pause)}`, concurrency: 1, log: QUIET, pause },
        ({ task }) => Promise.resolve(done.push(task) === 1 ? 'again' : 'over'),
      )
      open.push(queue)
      return queue
    }
    const soon = await ready(start(300))
    await soon.enqueue(entry('pull', 'press', 'button'))
    await until(() => done.length === 2)
    await soon.idle()
    expect(done.splice(0)).toEqual(['press', 'press'])
    const late = await ready(start(600_000))
    await late.enqueue(entry('pull', 'press', 'button'))
    await until(async () => done.length === 1 && (await late.depth())?.running === 0)
    await late.enqueue(entry('pull', 'look'))
    await late.idle()
    expect(done).toEqual(['press', 'press', 'look'])
  })

  it('does not begin in another database than the one that is named', async () => {
    const told: string[] = []
    const log = { ...QUIET, error: (...[, words]: readonly unknown[]) => void told.push(String(words)) }
    const queue = createSharedQueue<string>(
      { redisUrl: `${redis.url}/99`, secret: 's3cret', concurrency: 1, log },
      () => Promise.resolve(),
    )
    open.push(queue)
    await until(() => told.length > 0)
    expect(told).toEqual(['no work is taken in: the queue cannot begin on this Redis'])
    expect(queue.ready()).toBe(false)
  })

  it('gives a turn to one process', async () => {
    const [a, b] = [await ready(join('a')), await ready(join('b'))]
    const turns = await Promise.all([a, b, a, b].map((queue) => queue.turn('sweep', 60_000)))
    expect(turns.filter(Boolean)).toHaveLength(1)
    expect(await b.turn('short', 1)).toBe(true)
    await sleep(20)
    expect(await a.turn('short', 1)).toBe(true)
  })

  it('says at once that a Redis which is gone takes nothing, and goes on when it is back', async () => {
    const own = await startRedis()
    const queue = createSharedQueue<string>(
      { redisUrl: own.url, secret: 's3cret', concurrency: 1, log: QUIET, patience: 1000 },
      ({ task }) => {
        story.push(task)
        return Promise.resolve()
      },
    )
    await ready(queue)
    await own.stop()
    await until(() => !queue.ready())
    await expect(queue.enqueue(entry('pull', 'lost'))).rejects.toThrow()
    const again = await startRedis(own.port)
    await ready(queue)
    // A connection may fall once more while everybody comes back; who is refused comes again, as a sweep does.
    await until(() =>
      queue.enqueue(entry('pull', 'kept')).then(
        () => true,
        () => false,
      ),
    )
    await until(() => story.length > 0)
    expect(story).toEqual(['kept'])
    await queue.drain(1000)
    await again.stop()
  })

  it('begins when a Redis comes that was not there', async () => {
    const gone = await startRedis()
    await gone.stop()
    const queue = createSharedQueue<string>(
      { redisUrl: gone.url, secret: 's3cret', concurrency: 1, log: QUIET },
      ({ task }) => Promise.resolve(void story.push(task)),
    )
    // Long enough for a connection to have been refused more than once.
    await sleep(500)
    expect([queue.ready(), await queue.depth()]).toEqual([false, null])
    await expect(queue.enqueue(entry('pull', 'early'))).rejects.toThrow('Redis does not answer')
    await expect(queue.turn('sweep', 1000)).rejects.toThrow('Redis does not answer')
    const late = await startRedis(gone.port)
    await ready(queue)
    await queue.enqueue(entry('pull', 'task'))
    await until(() => story.length > 0)
    expect(story).toEqual(['task'])
    await queue.drain(1000)
    await late.stop()
  })

  it('says in a line of the log that Redis may drop work, and lets nobody say it elsewhere', async () => {
    const own = await startRedis()
    const asking = new Redis(own.url)
    const printed = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error'), vi.spyOn(console, 'log')]
    const lines: unknown[] = []
    const log = { ...QUIET, warn: (...line: unknown[]) => lines.push(line) }
    const open = async (): Promise<void> => {
      story.length = 0
      const queue = createSharedQueue<string>(
        { redisUrl: own.url, secret: 's3cret', concurrency: 1, log },
        ({ task }) => Promise.resolve(void story.push(task)),
      )
      await ready(queue)
      // What is done has come over each connection.
      await queue.enqueue(entry('pull', 'task'))
      await until(() => story.length > 0)
      await queue.drain(1000)
    }
    await open()
    expect(lines).toEqual([])
    await asking.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await open()
    expect(lines).toEqual([[{ policy: 'allkeys-lru' }, expect.stringContaining('noeviction')]])
    expect(printed.flatMap(({ mock }) => mock.calls)).toEqual([])
    vi.restoreAllMocks()
    asking.disconnect()
    await own.stop()
  })
})
