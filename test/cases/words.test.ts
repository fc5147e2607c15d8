// What findings say where it is not known what policies do with a peer: the expectations of cases have no sentences.
import { expect, it } from 'vitest'
import { runCase } from './case.ts'

const said = async (folder: string): Promise<string> =>
  (await runCase(`fixtures/cases/${folder}`)).findings.map(({ message }) => message).join('\n')

it.each([
  [
    'admin/one-priority-for-two',
    'AdminNetworkPolicy no-tunnels may deny: whether those connections time out',
  ],
  ['calico/same-order-of-two-kinds', 'GlobalNetworkPolicy b-no-tunnels may deny: whether those'],
  ['admin/hbone-denied', 'AdminNetworkPolicy no-tunnels denies: those connections time out'],
  [
    'cilium/layer-7-on-the-application-port',
    'but mesh traffic arrives on 15008/TCP, which no policy admits from there',
  ],
  [
    'isolated/waypoint-gone-of-a-policy-for-it-alone',
    'Nothing comes to it through that waypoint, so this is hardly meant.',
  ],
  ['cilium/service-account-that-nobody-shows', 'pods serviceaccount(batch) in orchard'],
])('%s', async (folder, words) => {
  expect(await said(folder)).toContain(words)
})

it('layer 7 rules cut HBONE off on the port of the configuration', async () => {
  const { problems } = await runCase('fixtures/cases/cilium/layer-7-on-another-hbone-port')
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('on port 15009 they cut it off'),
  ])
})
