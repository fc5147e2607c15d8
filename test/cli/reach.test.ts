// `reach`: the JSON lines are a contract, and the verdicts follow from the NetworkPolicy API reference.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from './command.ts'
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

  it('answers what it cannot understand with an error, goes on, and ends with 2', async () => {
    const { code, answers } = await ask([
      { from: 'Deployment/shop/nobody', to: api, port: 8080 },
      { from: web, to: api },
      { from: web, to: api, port: 8080 },
    ])
    expect(answers).toMatchObject([
      {
        verdict: 'unknown',
        error: 'Deployment/shop/nobody is neither a workload of this tree nor an address',
      },
      { verdict: 'unknown', error: 'a query needs a "port": a number from 1 to 65535, or a name' },
      { verdict: 'allowed' },
    ])
    expect(code).toBe(2)
  })
})

describe('reach without queries', () => {
  it('prints who reaches a workload, peers with equal ports together', async () => {
    const { stdout } = await ambientGuard('reach', folder(tree), '--to', api)
    expect(stdout).toBe(
      'Deployment/shop/api\n  no port\n    from Deployment/shop/api\n    from Deployment/shop/db\n  8080/TCP\n    from Deployment/shop/web\n',
    )
  })

  it('does not know where a policy cannot be read, and never prints a port', async () => {
    const files = { ...tree, 'np.yaml': tree['np.yaml'].replace('8080', '"8080"') }
    const { stdout } = await ambientGuard('reach', folder(files), '--from', web, '--to', api)
    expect(stdout).toBe(`${api}\n  not known (perhaps every port)\n    from ${web}\n`)
  })

  it('does not know about pods on the host network that a policy selects', async () => {
    const onHost = tree['api.yaml'].replace('    spec:\n', '    spec:\n      hostNetwork: true\n')
    const { stdout } = await ambientGuard(
      'reach',
      folder({ ...tree, 'api.yaml': onHost }),
      '--from',
      web,
      '--to',
      api,
    )
    expect(stdout).toBe(`${api}\n  not known (perhaps every port)\n    from ${web}\n`)
  })

  it('refuses a workload that is not there', async () => {
    const { code, stderr } = await ambientGuard('reach', folder(tree), '--to', 'Deployment/shop/nobody')
    expect(code).toBe(2)
    expect(stderr).toContain('Deployment/shop/nobody is no workload of this tree')
  })
})
