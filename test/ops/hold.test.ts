// The hold on a key: whose it is, by our own clock, and what is left of having asked.
import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { renewHold } from '../../src/ops/hold.ts'

it('is ours from an answer on, and no longer than that lasts', async () => {
  let answers: (isOurs: boolean) => void = () => undefined
  let asked = 0
  const hold = renewHold(() => {
    asked += 1
    return asked === 1 ? Promise.resolve(true) : new Promise((resolve) => (answers = resolve))
  }, 300)
  const ending = new AbortController()
  expect(await hold.regained(ending.signal)).toBe(true)
  expect([hold.isOurs(), hold.wasDenied]).toEqual([true, false])
  // Nobody answers: before the lock ends, it is not ours any more.
  await sleep(400)
  expect([hold.isOurs(), hold.wasDenied]).toEqual([false, true])
  // What was asked that long ago is no hold by the time it is answered.
  answers(true)
  await sleep(20)
  expect(hold.isOurs()).toBe(false)
  hold.end()
})

it('waits for a Redis that refuses, and not once the process ends', async () => {
  const hold = renewHold(() => Promise.reject(new Error('no')), 60_000)
  const ending = new AbortController()
  const answer = hold.regained(ending.signal)
  await sleep(20)
  ending.abort()
  expect(await answer).toBe(false)
  hold.end()
})

it('leaves nothing behind, however often it is asked for', async () => {
  const ending = new AbortController()
  for (const isOurs of [true, false, true]) {
    const hold = renewHold(() => Promise.resolve(isOurs), 1000)
    expect(await hold.regained(ending.signal)).toBe(isOurs)
    hold.end()
  }
  expect(getEventListeners(ending.signal, 'abort')).toEqual([])
})
