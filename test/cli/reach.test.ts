// `reach`: the JSON lines are a contract, and the verdicts follow from the NetworkPolicy API reference.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ambientGuard, ambientGuardWith, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const tree = {
  'ns.yaml': namespace('shop', false),
  'api.yaml': deployment('api', 'shop', 8080),
  'web.yaml': deployment('web', 'shop', 80),
  'np.yaml': policy('api', 'shop', 'web', 8080),
  'db.yaml': `${deployment('db', 'shop', 5432)}---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.128/25]}}]
      ports: [{port: http}]
`,
}

const ask = async (
  queries: readonly object[],
  files: Readonly<Record<string, string>> = tree,
): Promise<{ code: number; answers: Record<string, unknown>[] }> => {
  const lines = queries.map((query) => JSON.stringify(query)).join('\n')
  const root = folder(files)
  const { code, stdout } = await ambientGuard(
    'reach',
    root,
    '--queries',
    join(folder({ 'q.jsonl': `${lines}\n` }), 'q.jsonl'),
  )
  return {
    code,
    answers: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

const [api, web, db] = ['Deployment/shop/api', 'Deployment/shop/web', 'Deployment/shop/db']

describe('reach --queries', () => {
  it('answers each line in order, with what decides', async () => {
    const { code, answers } = await ask([
      { from: web, to: api, port: 8080, protocol: 'TCP' },
      { from: web, to: api, port: 15008, protocol: 'TCP' },
      { from: api, to: web, port: 9, protocol: 'UDP' },
      { from: api, to: api, port: 8080, protocol: 'TCP' },
      { from: db, to: api, port: 8080, protocol: 'TCP' },
      { from: web, to: api, port: 'http', protocol: 'TCP' },
    ])
    expect(code).toBe(0)
    expect(answers).toEqual([
      {
        from: web,
        to: api,
        port: 8080,
        protocol: 'TCP',
        verdict: 'allowed',
        because: [{ direction: 'ingress', policy: 'NetworkPolicy/shop/api', rule: 0, action: 'allow' }],
      },
      {
        from: web,
        to: api,
        port: 15008,
        protocol: 'TCP',
        verdict: 'denied',
        because: [{ direction: 'ingress', policy: 'NetworkPolicy/shop/api', rule: null, action: 'deny' }],
      },
      { from: api, to: web, port: 9, protocol: 'UDP', verdict: 'allowed', because: [] },
      {
        from: api,
        to: api,
        port: 8080,
        protocol: 'TCP',
        verdict: 'denied',
        because: [{ direction: 'ingress', policy: 'NetworkPolicy/shop/api', rule: null, action: 'deny' }],
      },
      {
        from: db,
        to: api,
        port: 8080,
        protocol: 'TCP',
        verdict: 'denied',
        because: [
          { direction: 'egress', policy: 'NetworkPolicy/shop/db', rule: null, action: 'deny' },
          { direction: 'ingress', policy: 'NetworkPolicy/shop/api', rule: null, action: 'deny' },
        ],
      },
      {
        from: web,
        to: api,
        port: 'http',
        protocol: 'TCP',
        verdict: 'allowed',
        because: [{ direction: 'ingress', policy: 'NetworkPolicy/shop/api', rule: 0, action: 'allow' }],
      },
    ])
  })

  it('allows a block only where every address of it is allowed, and names the part that is', async () => {
    const { answers } = await ask([
      { from: '10.0.0.0/25', to: db, port: 5432 },
      { from: '10.0.0.0/24', to: db, port: 5432 },
      { from: '10.0.0.200', to: db, port: 5432 },
      { from: '10.0.0.1', to: db, port: 5433 },
      { from: db, to: '1.1.1.1', port: 443 },
    ])
    expect(answers.map(({ verdict, partial }) => [verdict, partial])).toEqual([
      ['allowed', undefined],
      ['denied', ['10.0.0.0/25']],
      ['denied', undefined],
      ['denied', undefined],
      ['denied', undefined],
    ])
  })

  it('keeps a bare podSelector in the namespace of its policy', async () => {
    const other = { 'other.yaml': `${namespace('other', false)}---\n${deployment('web', 'other', 80)}` }
    const { answers } = await ask([{ from: 'Deployment/other/web', to: api, port: 8080 }], {
      ...tree,
      ...other,
    })
    expect(answers).toMatchObject([{ verdict: 'denied' }])
  })

  it('resolves a named port by its protocol, too', async () => {
    const files = {
      ...tree,
      'np.yaml': tree['np.yaml'].replace('port: 8080', 'port: http\n          protocol: UDP'),
    }
    const { answers } = await ask(
      [
        { from: web, to: api, port: 8080, protocol: 'UDP' },
        { from: web, to: api, port: 8080, protocol: 'TCP' },
      ],
      files,
    )
    expect(answers).toMatchObject([{ verdict: 'denied' }, { verdict: 'denied' }])
  })

  it('does not know what labels an undescribed namespace carries', async () => {
    const peer = 'namespaceSelector: {matchLabels: {team: a}}'
    const files = {
      ...tree,
      'np.yaml': tree['np.yaml'].replace(/podSelector:\n +matchLabels:\n +app: web/, peer),
      'other.yaml': deployment('web', 'undescribed', 80),
    }
    const { answers } = await ask(
      [
        { from: 'Deployment/undescribed/web', to: api, port: 8080 },
        { from: 'Deployment/undescribed/web', to: api, port: 9 },
        { from: web, to: api, port: 8080 },
      ],
      files,
    )
    expect(answers).toMatchObject([{ verdict: 'unknown' }, { verdict: 'denied' }, { verdict: 'denied' }])
  })

  it('does not know where a policy cannot be read, and never says allowed', async () => {
    const { code, answers } = await ask([{ from: web, to: api, port: 8080 }], {
      ...tree,
      'np.yaml': tree['np.yaml'].replace('8080', '"8080"'),
    })
    expect(answers).toMatchObject([{ verdict: 'unknown', because: [] }])
    expect(code).toBe(0)
  })

  it('names no policy where Cilium denies what none admits', async () => {
    const { 'ns.yaml': ns, 'web.yaml': pods } = tree
    const { answers } = await ask(
      [
        { from: web, to: '10.0.0.1', port: 80 },
        { from: 'Deployment/shop/agent', to: '10.0.0.1', port: 80 },
      ],
      {
        '.github/ambient-guard.yml':
          'clusters: {default: {cni: cilium, cilium: {policyEnforcementMode: always}}}\n',
        'ns.yaml': ns,
        'web.yaml': pods,
        'agent.yaml': deployment('agent', 'shop', 80).replace(
          '    spec:\n',
          '    spec:\n      hostNetwork: true\n',
        ),
      },
    )
    expect(answers).toMatchObject([
      {
        verdict: 'denied',
        because: [{ direction: 'egress', policy: null, rule: null, action: 'deny' }],
      },
      // Its host firewall decides, which the tree does not show.
      { verdict: 'unknown', because: [] },
    ])
  })

  it('answers what it cannot understand with an error, goes on, and ends with 2', async () => {
    const { code, answers } = await ask([
      { from: 'Deployment/shop/nobody', to: api, port: 8080 },
      { from: web, to: api },
      { from: web, to: api, port: 8080 },
    ])
    expect(answers).toMatchObject([
      {
        verdict: 'unknown',
        error:
          'Deployment/shop/nobody is neither a workload of this tree nor an address: workloads are named Kind/namespace/name',
      },
      { verdict: 'unknown', error: 'a query needs a "port": a number from 1 to 65535, or a name' },
      { verdict: 'allowed' },
    ])
    expect(code).toBe(2)
  })
})

/** Answers as they are given, to questions that are still being asked. */
const line = (query: object): string => `${JSON.stringify(query)}\n`
const asked = { from: web, to: api, port: 8080 }

describe('reach --queries -', () => {
  it('answers a question before the next one is asked', async () => {
    let answered: () => void = () => undefined
    const first = new Promise<void>((resolve) => (answered = resolve))
    const written: string[] = []
    const input = (async function* (): AsyncGenerator<string> {
      yield line(asked)
      // Whoever reads everything before answering never comes past this.
      await first
      yield line({ ...asked, port: 9 })
    })()
    const write = (text: string): void => {
      written.push(text)
      answered()
    }
    await ambientGuardWith({ input, write }, 'reach', folder(tree), '--queries', '-')
    expect(written.map((text) => (JSON.parse(text) as { verdict: string }).verdict)).toEqual([
      'allowed',
      'denied',
    ])
  })

  it('reads no further than the answers have been taken', async () => {
    let [given, taken] = [0, 0]
    const input = (async function* (): AsyncGenerator<string> {
      for (; given < 5; given += 1) {
        expect(given).toBe(taken)
        yield line(asked)
      }
    })()
    const flushed = (): Promise<boolean> => Promise.resolve().then(() => (taken += 1) > 0)
    await ambientGuardWith({ input, flushed }, 'reach', folder(tree), '--queries', '-')
    expect(taken).toBe(5)
  })

  it('stops where nobody reads the answers', async () => {
    const input = (async function* (): AsyncGenerator<string> {
      for (;;) yield line(asked)
    })()
    const flushed = (): Promise<boolean> => Promise.resolve(false)
    const { code } = await ambientGuardWith({ input, flushed }, 'reach', folder(tree), '--queries', '-')
    expect(code).toBe(0)
  })

  it('hears that the reader of a real pipe has left', { timeout: 30_000 }, async () => {
    const main = join(import.meta.dirname, '../../src/cli/main.ts')
    const argv = ['--import', import.meta.resolve('tsx'), main, 'reach', folder(tree), '--queries', '-']
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.on('error', () => undefined)
    Readable.from(
      (function* (): Generator<string> {
        for (;;) yield line(asked).repeat(1000)
      })(),
    ).pipe(child.stdin)
    await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('reads lines however they are cut, and answers a broken one in its place', async () => {
    const text = `${line(asked)}\n{"from":\r\n${line({ ...asked, from: 'Deployment/shop/é' })}${'x'.repeat(200_000)}\n${line(asked).trimEnd()}`
    const bytes = Buffer.from(text)
    const verdicts = async (size: number): Promise<unknown[]> => {
      const input = (function* (): Generator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
      })()
      const { code, stdout } = await ambientGuardWith(
        { input: Readable.from(input) },
        'reach',
        folder(tree),
        '--queries',
        '-',
      )
      expect(code).toBe(2)
      return stdout
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one) as { verdict: string; error?: string })
        .map(({ verdict, error }) => error ?? verdict)
    }
    const wanted = [
      'allowed',
      'not a line of JSON: {"from":',
      'Deployment/shop/é is neither a workload of this tree nor an address: workloads are named Kind/namespace/name',
      'a query has at most 65536 characters',
      'allowed',
    ]
    for (const size of [7, 1000, bytes.length]) expect(await verdicts(size)).toEqual(wanted)
  })

  it('names a file that it cannot read', async () => {
    const root = folder(tree)
    const { code, stderr } = await ambientGuard('reach', root, '--queries', join(root, 'none.jsonl'))
    expect(code).toBe(2)
    expect(stderr).toContain('none.jsonl: there is no such file.')
  })
})

describe('what is not seen', () => {
  const question = { from: web, to: api, port: 8080, protocol: 'TCP' }
  const release = (chart: string): string =>
    `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: extra, namespace: shop}\nspec: {interval: 1h, chart: {spec: {chart: ${chart}, sourceRef: {kind: HelmRepository, name: elsewhere}}}}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: elsewhere, namespace: shop}\nspec: {url: "https://charts.example", interval: 1h}\n`

  it('makes the answers of its namespace unknown, since policies may come with it', async () => {
    const [before, after] = [
      await ask([question]),
      await ask([question], { ...tree, 'release.yaml': release('extra') }),
    ]
    expect([before, after].map(({ answers }) => answers[0]?.['verdict'])).toEqual(['allowed', 'unknown'])
  })

  it('is named where nobody knows whom it is about', async () => {
    const root = folder({ ...tree, 'k/kustomization.yaml': 'resources: [https://github.com/acme/base]\n' })
    const { stdout, stderr } = await ambientGuard(
      ...['reach', root, '--from', web, '--to', api, '--port', '8080'],
    )
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'allowed' })
    expect(stderr).toContain(
      'Answered without what is not seen, which may hold policies: k/kustomization.yaml:1.',
    )
  })
})
