// Where no fix is written, the reader is told why, and what to do instead.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'

const CASES = join(import.meta.dirname, '../../fixtures/cases')

it.each([
  [
    'calico/app-port-only',
    /No fix is offered: policies of that kind are not edited here\. By hand: let NetworkPolicy\.projectcalico\.org \S+ admit any peer on 15008\/TCP\./,
  ],
  [
    'cilium/deny-beats-another-cnp',
    /No fix is offered: what CiliumNetworkPolicy \S+ denies is for whoever wrote it to say\. By hand: take \S+ on 15008\/TCP out of what it denies\./,
  ],
  [
    'admin/hbone-denied',
    /By hand: admit any peer on 15008\/TCP in a policy that comes before it, or take that out of what it denies\./,
  ],
])('%s', async (name, words) => {
  const root = folder({})
  for (const side of ['both', 'head']) cpSync(join(CASES, name, side), root, { recursive: true })
  const { code, stdout } = await ambientGuard('check', '--base', 'none', root)
  expect(code).toBe(1)
  expect(stdout.replace(/\s+/g, ' ')).toMatch(words)
})
