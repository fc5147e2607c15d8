// A demo shop of eleven services whose policies know nothing of Ambient, enrolled.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'
import { testWorkshop } from '../workshop.ts'
import { corpus } from './corpora.ts'

const shop = corpus('online-boutique')

const hasTools = (await testWorkshop().tools.kustomize()) !== null
if (!hasTools) process.stdout.write('skipped: no kustomize is here; npm run tools fetches one\n')

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

/** Each of them, by name, and the peers that it loses. */
const LOST = Object.entries(CLIENTS).map(([name, clients]) => [
  `Deployment/default/${name}`,
  clients.map((client) => `Deployment/default/${client}`),
])

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
    // Applied with kubectl, not with kustomize: its list does not name the policies.
    rmSync(join(root, 'kustomization.yaml'))
    for (const name of readdirSync(policies))
      if (name.startsWith('network-policy-')) cpSync(join(policies, name), join(root, name))
    return root
  }

  it(
    'loses every service whose policy names a port, with the right clients',
    { timeout: 60_000 },
    async () => {
      const { code, stdout } = await ambientGuard('check', tree(), '--enroll', 'default', '--format', 'json')
      const { findings } = JSON.parse(stdout) as { readonly findings: readonly Found[] }
      expect(code).toBe(1)
      const hbone = findings.filter(({ rule }) => rule === 'hbone-ingress')
      expect(hbone.map(({ workload, peers }) => [workload, peers])).toEqual(LOST)
      expect(hbone.every(({ certainty, fix }) => certainty === 'certain' && fix !== null)).toBe(true)
    },
  )

  it('is mended by the fixes, all written together', { timeout: 60_000 }, async () => {
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

  /** The kustomize tree with its network-policies component taken in, as its README says. */
  const rendered = (): string => {
    const root = folder({})
    cpSync(join(shop ?? '', 'kustomize'), root, { recursive: true })
    rmSync(join(root, 'tests'), { recursive: true })
    const file = join(root, 'kustomization.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('# - components/network-policies', '- components/network-policies'))
    return root
  }

  it.skipIf(!hasTools)(
    'loses the same behind kustomize, and is mended in the files of the component',
    { timeout: 180_000 },
    async () => {
      const asked = ['--enroll', 'default', '--format', 'json'] as const
      interface Report {
        readonly findings: readonly (Found & {
          readonly policies: readonly { readonly path: string; readonly line: number }[]
          readonly fix: { readonly strategy: string; readonly files: readonly { readonly path: string }[] }
        })[]
      }
      const root = rendered()
      const { findings } = JSON.parse((await ambientGuard('check', root, ...asked)).stdout) as Report
      const made = findings.filter(({ rule }) => rule === 'hbone-ingress')
      expect(made.map(({ workload, peers }) => [workload, peers])).toEqual(LOST)
      for (const { certainty, policies, fix } of made) {
        expect(certainty).toBe('certain')
        const paths = policies.map(({ path }) => path)
        expect(paths.every((path) => path.startsWith('components/network-policies/'))).toBe(true)
        expect(fix.strategy).toBe('edit')
        expect(fix.files.map(({ path }) => path)).toEqual(paths)
        for (const { path, line } of policies)
          expect(readFileSync(join(root, path), 'utf8').split('\n')[line - 1]).toMatch(/^ {2}- from:/)
      }
      expect((await ambientGuard('fix', root, '--enroll', 'default', '--write')).code).toBe(0)
      const { stdout } = await ambientGuard('check', root, ...asked)
      expect(JSON.parse(stdout)).toMatchObject({ conclusion: 'success' })
    },
  )

  it.skipIf(!hasTools)(
    'is four clusters as it stands, by what tells their paths apart',
    { timeout: 180_000 },
    async () => {
      const { stdout } = await ambientGuard(
        'check',
        join(shop ?? '', 'kustomize'),
        '--base',
        'none',
        '--format',
        'json',
      )
      const { clusters } = JSON.parse(stdout) as { readonly clusters: readonly { readonly name: string }[] }
      expect(clusters.map(({ name }) => name)).toEqual([
        '.',
        'memorystore-with-all-components',
        'service-mesh-istio-with-all-components',
        'spanner-with-all-components',
      ])
    },
  )
})
