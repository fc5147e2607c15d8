// A patch in the kustomization: JSON patches (RFC 6902) that select the policy as kustomize does, in the style of the
// file, one for each policy.
import { describe, expect, it } from 'vitest'
import type { Host, Layer } from '../../src/core/kubernetes/origin.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { realise } from '../../src/core/index.ts'
import { readDocument } from '../../src/core/yaml/index.ts'
import { policy } from '../cli/manifests.ts'
import { SHOP, directory, kustomization, layer, plain, plansOf, rendered, write } from './made.ts'

const np = policy('redis', 'shop', 'web', 6379)
const output = np.replace('name: redis', 'name: prod-redis')

const made = (
  host: Host | null,
  text = output,
  layers: readonly Layer[] = [layer('base/np.yaml', np)],
): readonly Manifest[] => [...plain(SHOP), rendered(text, { sourceName: 'redis', host, layers })]

const PATCH = `- target:
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
`

/** The kustomization once patched; what it reads as is what matters where the style is another. */
function patched(text: string): string {
  const files = write(made(kustomization('overlays/prod', text)), 'patch')
  return files['overlays/prod/kustomization.yaml'] ?? files.refused ?? ''
}

function valueOf(text: string): {
  readonly patches: readonly { readonly target: unknown; readonly patch: string }[]
} {
  const read = readDocument(text, { start: 0, end: text.length })
  if (!read.ok) throw new Error(read.message)
  return read.value as ReturnType<typeof valueOf>
}

const OPERATION = [
  '- op: test',
  '  path: /spec/ingress/0/from',
  '  value:',
  '  - podSelector:',
  '      matchLabels:',
  '        app: web',
  '- op: add',
  '  path: /spec/ingress/0/ports/-',
  '  value:',
  '    port: 15008',
  '    protocol: TCP',
].join('\n')
const TARGET = { group: 'networking.k8s.io', kind: 'NetworkPolicy', name: 'redis', namespace: 'shop' }

describe('a patch in the kustomization', () => {
  it('makes the list of patches, and selects the policy by the name it had', () => {
    expect(patched('resources:\n- ../../base\nnamePrefix: prod-\n')).toBe(
      `resources:\n- ../../base\nnamePrefix: prod-\npatches:\n${PATCH}`,
    )
  })

  it('says that it goes through a patch, and where', () => {
    const plans = plansOf(made(kustomization('overlays/prod', 'resources: [../../base]\n')), 'patch')
    expect(plans).toMatchObject([
      {
        strategy: 'patch',
        text: expect.stringMatching(
          /^NetworkPolicy shop\/prod-redis admits pods app=web in shop on 15008\/TCP, through a patch in overlays\/prod\/kustomization\.yaml\./,
        ) as string,
        opens: [{ policyId: 'NetworkPolicy/shop/prod-redis', direction: 'ingress' }],
      },
    ])
  })

  it('goes behind the patches that are there, in their style and with their order of keys', () => {
    const there = `resources:
  - ../../base
patches:
  # Resources are scarce there.
  - path: limits.yaml
    target:
      kind: Deployment
images: []
`
    const [group, kind] = ['    group: networking.k8s.io\n', '    kind: NetworkPolicy\n']
    const added = PATCH.replace(`${group}${kind}`, `${kind}${group}`).replace(/^(?=.)/gm, '  ')
    expect(patched(there)).toBe(there.replace('images: []', `${added}images: []`))
  })

  it('puts keys in the order of the patches beside it', () => {
    const there =
      'patches:\n- patch: |-\n    - op: remove\n      path: /spec/replicas\n  target:\n    kind: Deployment\n'
    const [first, second, ...lines] = patched(there).slice(there.length).split('\n')
    expect([first, second]).toEqual(['- patch: |-', '    - op: test'])
    expect(lines.join('\n')).toMatch(/protocol: TCP\n {2}target:\n {4}kind: NetworkPolicy\n/)
    expect(valueOf(patched(there)).patches[1]).toEqual({ target: TARGET, patch: OPERATION })
  })

  it.each([
    ['without a line break at its end', 'resources:\n- ../../base'],
    ['in flow style', '{resources: [../../base], patches: [{path: limits.yaml}]}\n'],
    ['in flow style, without patches', '{resources: [../../base]}\n'],
    ['with an empty list', 'patches: []\nresources:\n- ../../base\n'],
    ['with null', 'patches:\nresources:\n- ../../base\n'],
    ['as JSON', '{\n  "resources": ["../../base"],\n  "patches": [{"path": "limits.yaml"}]\n}\n'],
    ['as JSON, without patches', '{"resources": ["../../base"]}'],
    ['after a document marker', '---\nresources:\n- ../../base\n'],
  ])('is right in a kustomization %s', (_style, text) => {
    const after = patched(text)
    const { patches, ...rest } = valueOf(after)
    expect(patches.at(-1)).toEqual({ target: TARGET, patch: OPERATION })
    expect(rest).toMatchObject({ resources: ['../../base'] })
    expect(after.endsWith('\n')).toBe(text.endsWith('\n'))
    if (text.startsWith('{')) expect(after).toMatch(/^\{/)
    if (text.startsWith('{"') || text.startsWith('{\n'))
      expect(() => JSON.parse(after) as unknown).not.toThrow()
  })

  it('keeps the line endings of Windows', () => {
    const text = 'resources:\r\n- ../../base\r\n'
    expect(patched(text)).toBe(`${text}patches:\r\n${PATCH.replaceAll('\n', '\r\n')}`)
  })

  it.each([
    ['an empty one', '# nothing yet\n', /is not one YAML document/],
    ['one of two documents', 'resources: []\n---\nresources: []\n', /is not one YAML document/],
    ['a template', 'namespace: {{ .name }}\n', /template markers/],
    ['one whose patches are no list', 'patches: {path: a.yaml}\n', /patches is not a list/],
  ])('is refused in %s', (_what, text, reason) => {
    expect(patched(text)).toMatch(reason)
  })

  it('makes a list that the object has not', () => {
    const probed = SHOP.replace(
      '          image: example\n',
      `$&          readinessProbe: {httpGet: {port: 6379, path: /}}\n`,
    )
    const closed = np.slice(0, np.indexOf('  ingress:'))
    const host = kustomization('.', 'resources: [base]\n')
    const files = write([...plain(probed), rendered(closed, { host })], 'patch')
    expect(valueOf(files['kustomization.yaml'] ?? '').patches[0]?.patch).toBe(
      [
        '- op: test',
        '  path: /spec/ingress',
        '  value: null',
        '- op: add',
        '  path: /spec/ingress',
        '  value:',
        '  - from:',
        '    - ipBlock:',
        '        cidr: 169.254.7.127/32',
      ].join('\n'),
    )
  })

  it('is one patch for all that a policy lacks: a list that is made stays', () => {
    const probed = SHOP.replaceAll(
      '          image: example\n',
      `$&          readinessProbe: {httpGet: {port: 80, path: /}}\n`,
    )
    const every = `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: all, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n`
    const host = kustomization('.', 'resources: [base]\n')
    const manifests = [
      ...plain(probed),
      rendered(every, { host }),
      rendered(output, { sourceName: 'redis', host }),
    ]
    const { patches } = valueOf(write(manifests, 'patch')['kustomization.yaml'] ?? '')
    expect(patches.map(({ target }) => (target as { readonly name: string }).name).sort()).toEqual([
      'all',
      'redis',
    ])
    const redis =
      patches.find(({ target }) => (target as { readonly name: string }).name === 'redis')?.patch ?? ''
    expect(redis).toContain('path: /spec/ingress/0/ports/-')
    expect(redis).toContain('path: /spec/ingress/-')
  })

  it('adds two rules to a list that neither finds there', () => {
    const host = { path: 'kustomization.yaml', text: 'resources: [base]\n' }
    const change = (value: string) =>
      ({
        kind: 'overlay',
        host,
        target: TARGET,
        object: { spec: {} },
        guards: [{ route: ['spec', 'a/b~c'], value: null }],
        patch: { op: 'append', route: ['spec', 'a/b~c'], value },
      }) as const
    const realised = realise([change('one'), change('two'), change('one')])
    const text = realised.ok ? (realised.files[0]?.after ?? '') : realised.reason
    expect(valueOf(text).patches).toEqual([
      {
        target: TARGET,
        patch:
          '- op: test\n  path: "/spec/a~1b~0c"\n  value: null\n- op: add\n  path: "/spec/a~1b~0c"\n  value:\n  - one\n- op: add\n  path: "/spec/a~1b~0c/-"\n  value: two',
      },
    ])
  })

  it('names the namespace where the kustomization has two policies of one name', () => {
    const host = kustomization('.', 'resources: [base]\n')
    const other = rendered(np.replace('namespace: shop', 'namespace: pay'), { host })
    const ours = rendered(np, {
      host,
      layers: [layer('base/np.yaml', np.replace('namespace: shop', 'namespace: source'))],
    })
    const { patches } = valueOf(write([...plain(SHOP), other, ours], 'patch')['kustomization.yaml'] ?? '')
    expect(patches.map(({ target }) => target)).toEqual([{ ...TARGET, namespace: 'source' }])
  })

  it('asks for the whole rule where that names nobody', () => {
    const open = np.replace(/ {4}- from:[^]*?(?= {6}ports)/, '').replace('      ports:', '    - ports:')
    const host = kustomization('.', 'resources: [base]\n')
    const { patches } = valueOf(
      write([...plain(SHOP), rendered(open, { host })], 'patch')['kustomization.yaml'] ?? '',
    )
    expect(patches[0]?.patch).toMatch(
      /^- op: test\n {2}path: \/spec\/ingress\/0\n {2}value:\n {4}ports:\n {4}- port: 6379\n- op: add\n/,
    )
  })

  it('asks for no labels of selectors that the same kustomization adds, for they come after patches', () => {
    const labelled = output.replace(/^( +)app: web$/m, '$&\n$1team: a\n$1base: b')
    const text = (labels: string) =>
      write(made(kustomization('overlays/prod', `resources: [../../base]\n${labels}`), labelled), 'patch')[
        'overlays/prod/kustomization.yaml'
      ] ?? ''
    const asked = (labels: string) => valueOf(text(labels)).patches[0]?.patch.match(/^ {8}\S.*$/gm)
    expect(asked('commonLabels: {team: a}\n')).toEqual(['        app: web', '        base: b'])
    expect(asked('labels: [{pairs: {team: a}, includeSelectors: true}]\n')).toEqual([
      '        app: web',
      '        base: b',
    ])
    expect(asked('labels: [{pairs: {team: a}}]\n')).toHaveLength(3)
    expect(asked('commonLabels: {team: other}\n')).toHaveLength(3)
  })

  it('asks for a variable by its name, for Flux fills it in after the build', () => {
    const layers = [layer('base/np.yaml', np.replace('app: web', 'app: ${client}'))]
    const host = kustomization('overlays/prod', 'resources: [../../base]\n')
    const after = write(made(host, output, layers), 'patch')['overlays/prod/kustomization.yaml'] ?? ''
    expect(valueOf(after).patches[0]?.patch).toContain('app: "${client}"')
  })

  it('means a dot where a name has one', () => {
    const host = kustomization('.', 'resources: [base]\n')
    const dotted = rendered(np, { host, sourceName: 'redis.v1' })
    const { patches } = valueOf(write([...plain(SHOP), dotted], 'patch')['kustomization.yaml'] ?? '')
    // Nothing shows its source, and so not whether that names a namespace.
    expect(patches[0]?.target).toEqual({ group: TARGET.group, kind: TARGET.kind, name: 'redis\\.v1' })
  })

  it('has no place in a folder, in no file, for what the kustomization cannot change, or for plain files', () => {
    const host = kustomization('.', 'resources: [base]\n')
    for (const where of [directory('prod'), { ...host, file: null }, null])
      expect(plansOf([...plain(SHOP), rendered(np, { host: where })], 'patch')).toEqual([])
    expect(plansOf([...plain(SHOP), rendered(np, { host, patchable: false })], 'patch')).toEqual([])
    expect(plansOf(plain(`${SHOP}---\n${np}`), 'patch')).toEqual([])
  })
})
