// A demo shop of eleven services whose policies know nothing of Ambient, enrolled.
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'
import { corpus } from './corpora.ts'

const shop = corpus('online-boutique')

/**
 * Who calls whom, read from the policies by hand: each admits its clients on one port. The policies of the frontend
 * (everything) and the load generator (egress only) name no port.
 */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  adservice: ['frontend'],
  cartservice: ['checkoutservice', 'frontend'],
  checkoutservice: ['frontend'],
  currencyservice: ['checkoutservice', 'frontend'],
  emailservice: ['checkoutservice'],
  paymentservice: ['checkoutservice'],
  productcatalogservice: ['checkoutservice', 'frontend', 'recommendationservice'],
  recommendationservice: ['frontend'],
  'redis-cart': ['cartservice'],
  shippingservice: ['checkoutservice', 'frontend'],
}

interface Found {
  readonly rule: string
  readonly workload: string
  readonly peers: readonly string[]
  readonly certainty: string
  readonly fix: unknown
}

describe.skipIf(shop === null)('online-boutique', () => {
  const tree = (): string => {
    const root = folder({})
    const policies = join(shop ?? '', 'kustomize/components/network-policies')
    cpSync(join(shop ?? '', 'kubernetes-manifests'), root, { recursive: true })
    for (const name of readdirSync(policies))
      if (name.startsWith('network-policy-')) cpSync(join(policies, name), join(root, name))
    return root
  }

  it(
    'loses every service whose policy names a port, with the right clients',
    { timeout: 20_000 },
    async () => {
      const { code, stdout } = await ambientGuard('check', tree(), '--enroll', 'default', '--format', 'json')
      const { findings } = JSON.parse(stdout) as { readonly findings: readonly Found[] }
      expect(code).toBe(1)
      const hbone = findings.filter(({ rule }) => rule === 'hbone-ingress')
      expect(Object.fromEntries(hbone.map(({ workload, peers }) => [workload, peers]))).toEqual(
        Object.fromEntries(
          Object.entries(CLIENTS).map(([name, clients]) => [
            `Deployment/default/${name}`,
            clients.map((client) => `Deployment/default/${client}`),
          ]),
        ),
      )
      expect(hbone.every(({ certainty, fix }) => certainty === 'certain' && fix !== null)).toBe(true)
    },
  )

  it('is mended by the fixes, all written together', { timeout: 20_000 }, async () => {
    const root = tree()
    const { code } = await ambientGuard('fix', root, '--enroll', 'default', '--write')
    expect(code).toBe(0)
    const { stdout } = await ambientGuard('check', root, '--enroll', 'default', '--format', 'json')
    const { conclusion, findings } = JSON.parse(stdout) as {
      readonly conclusion: string
      readonly findings: readonly { readonly rule: string; readonly severity: string }[]
    }
    expect(conclusion).toBe('success')
    // What is left is a note: 15008 now stands beside ports that limited its peers.
    const left = new Set(findings.map(({ rule, severity }) => `${severity} ${rule}`))
    expect([...left]).toEqual(['note port-widening'])
  })
})
