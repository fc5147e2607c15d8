// The real kustomize and helm, from the folder on disk to the files that the fix leaves there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder, git, write } from '../cli/command.ts'
import { deployment, namespace, policy } from '../cli/manifests.ts'
import { pinnedToolbox } from '../tools/pinned.ts'

const toolbox = pinnedToolbox('fixes through kustomize and helm')

const APP = `${deployment('redis', 'shop', 6379)}---\n${deployment('web', 'shop', 80)}`
const NP = policy('redis', 'shop', 'web', 6379)

const OVERLAYS = {
  'base/app.yaml': APP,
  'base/np.yaml': NP,
  'base/kustomization.yaml': 'resources: [app.yaml, np.yaml]\n',
  'overlays/prod/kustomization.yaml': 'namePrefix: prod-\nresources:\n  - ../../base\n  - namespace.yaml\n',
  'overlays/prod/namespace.yaml': namespace('shop', true),
  'overlays/staging/kustomization.yaml': 'resources: [../../base, namespace.yaml]\n',
  'overlays/staging/namespace.yaml': namespace('shop', false),
}

const CILIUM = 'version: 1\nclusters:\n  default: {cni: cilium}\n'

const RELEASE = {
  'charts/redis/Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 1.0.0\n',
  'charts/redis/values.yaml': 'port: 6379\n',
  'charts/redis/templates/np.yaml': NP.replace('6379', '{{ .Values.port }}').replace(
    'name: redis',
    'name: {{ .Release.Name }}',
  ),
  'apps/shop.yaml': `${namespace('shop', true)}---\n${APP}`,
  'apps/redis.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: here, namespace: flux-system}
spec: {url: 'https://example.com/here.git', interval: 1m}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: redis, namespace: shop}
spec:
  interval: 1m
  chart:
    spec:
      chart: ./charts/redis
      sourceRef: {kind: GitRepository, name: here, namespace: flux-system}
`,
}

describe.skipIf(toolbox === null)('a fix through what renders', { timeout: 120_000 }, () => {
  it('patches the overlay of the one cluster that needs it', async () => {
    const root = folder(OVERLAYS)
    const fixed = await ambientGuard('fix', '--write', '--base', 'none', root)
    expect(fixed).toMatchObject({ code: 0, stderr: 'wrote overlays/prod/kustomization.yaml\n' })
    expect(readFileSync(join(root, 'overlays/prod/kustomization.yaml'), 'utf8')).toBe(
      `${OVERLAYS['overlays/prod/kustomization.yaml']}patches:
  - target:
      group: networking.k8s.io
      kind: NetworkPolicy
      name: redis
      namespace: shop
    patch: |-
      - op: test
        path: /spec/ingress/0/from
        value:
        - podSelector:
            matchLabels:
              app: web
      - op: add
        path: /spec/ingress/0/ports/-
        value:
          port: 15008
          protocol: TCP
`,
    )
    expect((await ambientGuard('check', '--base', 'none', root)).stdout).not.toContain('hbone-ingress')
  })

  const cnp = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: redis, namespace: shop}
specs:
  - endpointSelector: {matchLabels: {app: redis}}
    ingress:
      - fromEndpoints: [{matchLabels: {app: web}}]
        toPorts: [{ports: [{port: "6379"}]}]
`
  const probed = APP.replace(
    '          image: example\n',
    '$&          readinessProbe: {httpGet: {port: 6379, path: /}}\n',
  )
  const rule = (peer: string, port: number): string =>
    `    - ${peer}: [{podSelector: {matchLabels: {app: other}}}]\n      ports: [{port: ${String(port)}}]\n`

  it.each([
    {
      what: 'a rule that names peers',
      np: NP,
      moved: NP.replace('  ingress:\n', `$&${rule('from', 1)}`),
    },
    {
      what: 'a rule that names nobody',
      np: NP.replace(/ {4}- from:[^]*?(?= {6}ports)/, '').replace('      ports:', '    - ports:'),
      moved: null,
    },
    {
      what: 'a rule for egress',
      np: `${NP.slice(0, NP.indexOf('  ingress'))}  policyTypes: [Egress]\n  egress:\n${rule('to', 80)}`
        .replace('app: redis', 'app: web')
        .replace('app: other', 'app: redis'),
      moved: null,
    },
    {
      what: 'a rule of Cilium',
      np: cnp,
      moved: cnp.replace('    ingress:\n', '$&      - fromEndpoints: [{}]\n'),
    },
    {
      what: 'a member of a policy of Cilium',
      np: cnp,
      moved: cnp.replace(
        'specs:\n',
        '$&  - endpointSelector: {}\n    ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: "80"}]}]}]\n',
      ),
    },
    {
      what: 'a list that the base gets later',
      app: probed,
      np: `${NP.slice(0, NP.indexOf('  ingress'))}  policyTypes: [Ingress]\n`,
      moved: NP,
    },
    {
      what: 'a kustomization that labels selectors',
      np: NP,
      labels: 'labels: [{pairs: {team: a}, includeSelectors: true}]\n',
      moved: null,
    },
  ])(
    'does not build once another rule has its place: $what',
    async ({ np, moved, app = APP, labels = '' }) => {
      const overlay = `${labels}${OVERLAYS['overlays/prod/kustomization.yaml']}`
      const root = folder({
        ...OVERLAYS,
        ...(np.startsWith('apiVersion: cilium') ? { '.github/ambient-guard.yml': CILIUM } : {}),
        'base/app.yaml': app,
        'base/np.yaml': np,
        'overlays/prod/kustomization.yaml': overlay,
      })
      const fixed = await ambientGuard('fix', '--write', '--base', 'none', root)
      expect(fixed).toMatchObject({ code: 0, stderr: 'wrote overlays/prod/kustomization.yaml\n' })
      const check = async (): Promise<string> => (await ambientGuard('check', '--base', 'none', root)).stdout
      expect(await check()).not.toMatch(/hbone-|kubelet-probe|not applied|failed/)
      const before = /^ {2}(?:in|e)gress:\n/m
      write(root, {
        'base/np.yaml': moved ?? np.replace(before, `$&${rule(np.includes('egress') ? 'to' : 'from', 1)}`),
      })
      const after = await check()
      expect(after).toMatch(/testing value \S+ failed/)
    },
  )

  it('puts a policy beside the release of a chart', async () => {
    const root = folder(RELEASE)
    const checked = await ambientGuard('check', '--base', 'none', '--format', 'json', root)
    expect(JSON.parse(checked.stdout)).toMatchObject({
      findings: [
        {
          rule: 'hbone-ingress',
          fix: { strategy: 'companion', files: [{ path: 'apps/redis-ambient.yaml' }] },
        },
      ],
    })
    const fixed = await ambientGuard('fix', '--write', '--base', 'none', root)
    expect(fixed).toMatchObject({ code: 0, stderr: 'created apps/redis-ambient.yaml\n' })
    expect(readFileSync(join(root, 'apps/redis-ambient.yaml'), 'utf8')).toMatch(
      /^ {2}policyTypes:\n {2}- Ingress$/m,
    )
    expect((await ambientGuard('check', '--base', 'none', root)).stdout).not.toContain('hbone-ingress')
  })

  it('does not write over a file that git ignores', async () => {
    const root = folder({ ...RELEASE, '.gitignore': 'redis-ambient.yaml\n' })
    git(root, 'init', '--quiet', '--initial-branch=main')
    git(root, 'add', '.')
    git(root, 'commit', '--quiet', '--message=all')
    write(root, { 'apps/redis-ambient.yaml': 'mine\n' })
    const fixed = await ambientGuard('fix', '--write', '--base', 'none', root)
    expect(fixed.code).toBe(2)
    expect(fixed.stderr).toContain(
      'apps/redis-ambient.yaml is there already, and was not read: git may ignore it.',
    )
    expect(readFileSync(join(root, 'apps/redis-ambient.yaml'), 'utf8')).toBe('mine\n')
    expect(existsSync(join(root, 'apps/redis-ambient-2.yaml'))).toBe(false)
  })
})
