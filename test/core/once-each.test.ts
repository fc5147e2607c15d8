import { expect, test } from 'vitest'
import { onceEach } from '../../src/core/source/once-each.ts'

test('works each value out once, those that come to nothing too', () => {
  const asked: string[] = []
  const nameOf = onceEach(({ name }: { name: string }) => {
    asked.push(name)
    return name === '' ? undefined : name
  })
  const [one, none] = [{ name: 'one' }, { name: '' }]
  expect([nameOf(one), nameOf(none), nameOf(one), nameOf(none)]).toEqual(['one', undefined, 'one', undefined])
  expect(nameOf({ name: 'one' })).toBe('one')
  expect(asked).toEqual(['one', '', 'one'])
})

test('asks again where it threw', () => {
  let times = 0
  const fails = onceEach(() => {
    times += 1
    throw new Error('no')
  })
  const value = {}
  expect(() => fails(value)).toThrow('no')
  expect(() => fails(value)).toThrow('no')
  expect(times).toBe(2)
})
