// Which objects write what matters at run time, where, and in which words it is told; the cases under
// fixtures/cases/problems/kyverno-* and written-* show what that does to a check.
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, answer } from '../../src/core/index.ts'
import { writtenAtRunTime } from '../../src/core/kubernetes/kinds/writers.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { isRelevant } from '../../src/core/kubernetes/state.ts'
import type { Problem } from '../../src/core/source/problem.ts'
import { readDocument, splitDocuments } from '../../src/core/yaml/index.ts'

const CONFIG = DEFAULT_CONFIG.clusters[0] as ClusterConfig

function manifestsOf(text: string): readonly Manifest[] {
  const file = { path: 'a.yaml', text }
  return splitDocuments(text).map((document) => {
    const read = readDocument(text, document)
    if (!read.ok) throw new Error(read.message)
    const object = read.value as Record<string, unknown>
    const origin = { file, document, route: [], editable: true, making: null }
    return { apiVersion: String(object.apiVersion), kind: String(object.kind), object, origin }
  })
}

function problemOf(text: string): Problem | null {
  const [manifest] = manifestsOf(text)
  if (manifest === undefined) throw new Error('no document')
  const problem = writtenAtRunTime(manifest, CONFIG)
  // What is not told is not kept either: two of them are no duplicate, and a new one touches nothing.
  expect(isRelevant(manifest)).toBe(problem !== null)
  return problem
}

/** A ClusterPolicy with one rule: `match` and the deed, in flow style. */
function policy(
  deed: string,
  match = 'any: [{resources: {kinds: [Namespace]}}]',
  kind = 'ClusterPolicy',
): string {
  return `apiVersion: kyverno.io/v1\nkind: ${kind}\nmetadata: {name: p, namespace: home}\nspec:\n  rules:\n  - name: r\n    match: {${match}}\n    ${deed}\n`
}

/** What the policy does, as told; null where nothing is. */
function told(text: string): string | null {
  const problem = problemOf(text)
  return problem === null ? null : (/p (.*?) \(rule r\)/.exec(problem.message)?.[1] ?? problem.message)
}

const pods = 'any: [{resources: {kinds: [Pod]}}]'

describe('a generate rule', () => {
  it.each([
    ['kind: NetworkPolicy, apiVersion: networking.k8s.io/v1', 'generates NetworkPolicy'],
    ['kind: CiliumClusterwideNetworkPolicy', 'generates CiliumClusterwideNetworkPolicy'],
    ['kind: AuthorizationPolicy', 'generates AuthorizationPolicy'],
    ['kind: Namespace', 'generates Namespace'],
    ['kind: Deployment', 'generates Deployment'],
    ['kind: Gateway', 'generates Gateway'],
    ['cloneList: {kinds: [v1/Secret, networking.k8s.io/v1/NetworkPolicy]}', 'generates NetworkPolicy'],
    ['foreach: [{list: x, kind: ConfigMap}, {list: y, kind: NetworkPolicy}]', 'generates NetworkPolicy'],
    ['kind: "{{ request.object.data.kind }}"', 'generates objects of many kinds'],
    ['kind: Secret', null],
    ['kind: RoleBinding, data: {kind: NetworkPolicy}', null],
    ['cloneList: {kinds: [v1/Secret, v1/ConfigMap]}', null],
    ['kind: ResourceQuota, foreach: null', null],
  ])('with %s', (generate, expected) => {
    expect(told(policy(`generate: {${generate}}`))).toBe(expected)
  })

  it('is told at its rule, with what to do', () => {
    expect(problemOf(policy('generate: {kind: NetworkPolicy, name: deny}'))).toEqual({
      path: 'a.yaml',
      line: 6,
      code: 'kyverno-writes',
      class: 'unseen',
      message:
        "Kyverno's ClusterPolicy p generates NetworkPolicy (rule r): what comes of it is not in the tree.",
      remedy:
        'Put what it makes under clusters.default.assume in .github/ambient-guard.yml, as manifests or labels of namespaces, and leave its file out with ignorePaths.',
      hides: { namespaces: 'all' },
    })
  })
})

describe('a mutate rule', () => {
  it.each([
    ['patchStrategicMerge: {metadata: {labels: {a: b}}}', 'changes Namespace'],
    ['patchStrategicMerge: {metadata: {labels: {+(a): b}}}', 'changes Namespace'],
    ['patchStrategicMerge: {metadata: {+(labels): {a: b}}}', 'changes Namespace'],
    ['patchStrategicMerge: {metadata: {labels: {a: null}}}', 'changes Namespace'],
    ['patchStrategicMerge: {metadata: {labels: "{{ labels }}"}}', 'changes Namespace'],
    ['patchStrategicMerge: "{{ patch }}"', 'changes Namespace'],
    ['patchStrategicMerge: {metadata: {annotations: {istio.io/x: y}}}', null],
    ['patchStrategicMerge: {metadata: {(labels): {a: b}}}', null],
    ['patchStrategicMerge: {metadata: {labels: {(a): b, <(c): d, X(e): f, ^(g): h}}}', null],
    ['patchStrategicMerge: {metadata: {labels: {}}}', null],
    [
      `patchesJson6902: '[{op: add, path: /metadata/labels/istio.io~1dataplane-mode, value: ambient}]'`,
      'changes Namespace',
    ],
    [`patchesJson6902: '[{op: remove, path: /metadata/labels}]'`, 'changes Namespace'],
    [`patchesJson6902: '[{op: add, path: /metadata, value: {labels: {a: b}}}]'`, 'changes Namespace'],
    [`patchesJson6902: '[{op: add, path: /metadata/labels, value: {}}]'`, 'changes Namespace'],
    [
      `patchesJson6902: '[{op: move, from: /metadata/labels/a, path: /metadata/annotations/a}]'`,
      'changes Namespace',
    ],
    [`patchesJson6902: '[{op: test, path: /metadata/labels/a, value: b}]'`, null],
    [`patchesJson6902: '[{op: add, path: /metadata/annotations/a, value: b}]'`, null],
    ['patchesJson6902: "- op: {{ broken"', 'changes Namespace'],
    ['patchesJson6902: {op: add}', 'changes Namespace'],
    [
      `foreach: [{list: x, patchStrategicMerge: {spec: {}}}, {list: y, foreach: [{list: z, patchStrategicMerge: {metadata: {labels: {a: b}}}}]}]`,
      'changes Namespace',
    ],
    ['{}', null],
    ['null', null],
  ])('of namespaces with %s', (mutate, expected) => {
    expect(
      told(policy(`mutate: ${mutate.startsWith('{') || mutate === 'null' ? mutate : `{${mutate}}`}`)),
    ).toBe(expected)
  })

  it.each([
    ['{metadata: {labels: {a: b}}}', 'changes Pod'],
    ['{metadata: {annotations: {+(sidecar.istio.io/inject): "false"}}}', 'changes Pod'],
    ['{metadata: {annotations: {"{{ key }}": x}}}', 'changes Pod'],
    ['{spec: {hostNetwork: true}}', 'changes Pod'],
    ['{spec: {containers: [{(name): "*", readinessProbe: {httpGet: {port: 1}}}]}}', 'changes Pod'],
    ['{spec: {initContainers: [{name: x, ports: [{containerPort: 1}]}]}}', 'changes Pod'],
    [
      '{spec: {containers: [{(name): "*", image: x, imagePullPolicy: Always, env: [{name: ports, value: x}]}]}}',
      null,
    ],
    [
      '{spec: {securityContext: {runAsNonRoot: true}, tolerations: [{key: a}], nodeSelector: {labels: x}}}',
      null,
    ],
    ['{metadata: {annotations: {prometheus.io/scrape: "true"}}}', null],
    ['{spec: {template: {metadata: {labels: {a: b}}}}}', null],
  ])('of pods with %s', (patch, expected) => {
    expect(told(policy(`mutate: {patchStrategicMerge: ${patch}}`, pods))).toBe(expected)
  })

  it.each([
    ['/spec/containers/{{elementIndex}}/image', null],
    ['/spec/containers/0/image', null],
    ['/spec/containers/-', 'changes Pod'],
    ['/spec/containers/{{ index }}/livenessProbe/httpGet/port', 'changes Pod'],
    ['/spec/{{ field }}', 'changes Pod'],
    ['/metadata/annotations/{{ key }}', 'changes Pod'],
    ['/metadata/annotations/0', null],
  ])('of pods at %s', (path, expected) => {
    const patch = `'[{op: replace, path: "${path}", value: x}]'`
    expect(told(policy(`mutate: {patchesJson6902: ${patch}}`, pods))).toBe(expected)
  })

  it('adds a container, of which only ports and probes matter', () => {
    const add = (container: string): string =>
      policy(`mutate: {patchesJson6902: '[{op: add, path: /spec/containers/-, value: ${container}}]'}`, pods)
    expect(told(add('{name: a, image: b}'))).toBeNull()
    expect(told(add('{name: a, image: b, ports: [{containerPort: 1}]}'))).toBe('changes Pod')
  })

  it.each([
    ['Deployment', '{spec: {template: {metadata: {labels: {a: b}}}}}', 'changes Deployment'],
    ['apps/v1/Deployment', '{spec: {template: {spec: {hostNetwork: true}}}}', 'changes Deployment'],
    [
      'batch/v1/CronJob',
      '{spec: {jobTemplate: {spec: {template: {metadata: {labels: {a: b}}}}}}}',
      'changes CronJob',
    ],
    ['"*/Pod"', '{metadata: {labels: {a: b}}}', 'changes Pod'],
    ['Pod/ephemeralcontainers', '{metadata: {labels: {a: b}}}', 'changes Pod'],
    ['"*"', '{metadata: {labels: {a: b}}}', 'changes Namespace, Pod'],
    ['"*/*"', '{metadata: {labels: {a: b}}}', 'changes Namespace, Pod'],
    ['"Deploy*"', '{spec: {template: {metadata: {labels: {a: b}}}}}', 'changes Deployment, DeploymentConfig'],
    ['Deployment', '{metadata: {labels: {a: b}}, spec: {replicas: 3}}', null],
    ['NetworkPolicy', '{spec: {policyTypes: [Egress]}}', 'changes NetworkPolicy'],
    ['NetworkPolicy', '{metadata: {labels: {a: b}}}', null],
    ['Service', '{metadata: {labels: {a: b}}, spec: {type: ClusterIP}}', null],
  ])('of %s with %s', (kind, patch, expected) => {
    expect(
      told(policy(`mutate: {patchStrategicMerge: ${patch}}`, `any: [{resources: {kinds: [${kind}]}}]`)),
    ).toBe(expected)
  })

  it('changes its targets, not what it matches', () => {
    const patch = 'patchStrategicMerge: {metadata: {labels: {a: b}}}'
    const config = 'any: [{resources: {kinds: [ConfigMap]}}]'
    expect(
      told(policy(`mutate: {targets: [{apiVersion: v1, kind: Namespace, name: shop}], ${patch}}`, config)),
    ).toBe('changes Namespace')
    expect(
      told(policy(`mutate: {targets: [{apiVersion: v1, kind: ConfigMap, name: shop}], ${patch}}`)),
    ).toBeNull()
    expect(told(policy(`mutate: {targets: [{apiVersion: v1, kind: "{{ kind }}"}], ${patch}}`, config))).toBe(
      'changes Namespace, Pod',
    )
  })
})

describe('where it writes', () => {
  const hides = (text: string): readonly string[] | 'all' | undefined => problemOf(text)?.hides.namespaces
  const generate = (namespace: string): string =>
    `generate: {kind: NetworkPolicy, name: deny, namespace: "${namespace}"}`
  const label = 'mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}'

  it.each([
    ['shop', 'any: [{resources: {kinds: [Namespace]}}]', ['shop']],
    ['{{request.object.metadata.name}}', 'any: [{resources: {kinds: [Namespace]}}]', 'all'],
    [
      '{{request.object.metadata.name}}',
      'any: [{resources: {kinds: [Namespace], names: [shop, till]}}]',
      ['shop', 'till'],
    ],
    ['{{ request.name }}', 'any: [{resources: {kinds: [v1/Namespace], name: shop}}]', ['shop']],
    [
      '{{request.object.metadata.name}}',
      'any: [{resources: {kinds: [ConfigMap], namespaces: [shop]}}]',
      'all',
    ],
    ['{{request.namespace}}', 'any: [{resources: {kinds: [ConfigMap], namespaces: [shop]}}]', ['shop']],
    [
      '{{request.object.metadata.namespace}}',
      'all: [{resources: {kinds: [ConfigMap]}}, {resources: {namespaces: [shop]}}]',
      ['shop'],
    ],
    [
      '{{request.object.metadata.labels.team}}',
      'any: [{resources: {kinds: [Namespace], names: [shop]}}]',
      'all',
    ],
    ['team-{{request.namespace}}', 'any: [{resources: {kinds: [ConfigMap], namespaces: [shop]}}]', 'all'],
    ['', 'any: [{resources: {kinds: [Namespace], names: [shop]}}]', 'all'],
  ])('generating into "%s" where %s', (namespace, match, expected) => {
    expect(hides(policy(generate(namespace), match))).toEqual(expected)
  })

  it.each([
    ['any: [{resources: {kinds: [Namespace], names: [shop]}}]', ['shop']],
    ['any: [{resources: {kinds: [Namespace], namespaces: [shop]}}]', ['shop']],
    ['any: [{resources: {kinds: [Namespace], names: ["team-*"]}}]', 'all'],
    ['any: [{resources: {kinds: [Namespace], names: [shop, "team-*"]}}]', 'all'],
    ['any: [{resources: {kinds: [Namespace], names: [shop]}}, {resources: {kinds: [Namespace]}}]', 'all'],
    [
      'any: [{resources: {kinds: [Pod], namespaces: [till, shop]}}, {resources: {kinds: [Pod], namespaces: [shop]}}]',
      ['shop', 'till'],
    ],
    ['any: [{resources: {kinds: [Pod], names: [shop]}}]', 'all'],
    ['any: [{resources: {kinds: [Pod], namespaces: ["!shop"]}}]', 'all'],
    ['resources: {kinds: [Pod], namespaces: [shop]}', ['shop']],
    ['all: [{resources: {kinds: [Pod]}}, {subjects: []}]', 'all'],
  ])('changing labels where %s', (match, expected) => {
    expect(hides(policy(label, match))).toEqual(expected)
  })

  it('a Namespace that is made or changed is itself', () => {
    expect(hides(policy('generate: {kind: Namespace, name: shop}', pods))).toEqual(['shop'])
    expect(hides(policy('generate: {kind: Namespace, name: shop, namespace: till}', pods))).toEqual(['shop'])
    expect(
      hides(
        policy(
          'mutate: {targets: [{kind: Namespace, name: shop}], patchStrategicMerge: {metadata: {labels: {a: b}}}}',
          pods,
        ),
      ),
    ).toEqual(['shop'])
    expect(
      hides(
        policy(
          'mutate: {targets: [{kind: Pod, namespace: shop}, {kind: Pod}], patchStrategicMerge: {metadata: {labels: {a: b}}}}',
          pods,
        ),
      ),
    ).toBe('all')
  })

  it('a policy of the whole cluster is everywhere, whatever namespace is named', () => {
    expect(hides(policy('generate: {kind: CiliumClusterwideNetworkPolicy, name: x, namespace: shop}'))).toBe(
      'all',
    )
  })

  it('a Policy is in its own namespace', () => {
    expect(hides(policy(generate('other'), pods, 'Policy'))).toEqual(['home'])
    expect(problemOf(policy(label, pods, 'Policy'))?.message).toContain("Kyverno's Policy home/p changes Pod")
  })
})

describe('policies in CEL', () => {
  const cel = (kind: string, spec: string): string =>
    `apiVersion: policies.kyverno.io/v1alpha1\nkind: ${kind}\nmetadata: {name: p, namespace: home}\nspec: ${spec}\n`
  const on = (resources: string, key = 'matchConstraints'): string =>
    `${key}: {resourceRules: [{resources: [${resources}]}]}`
  const json = (text: string): string =>
    `mutations: [{patchType: JSONPatch, jsonPatch: {expression: '${text}'}}]`

  it.each([
    [
      cel(
        'GeneratingPolicy',
        `{generate: [{expression: 'generator.Apply(x, [{"kind": dyn("NetworkPolicy")}])'}]}`,
      ),
      'generates NetworkPolicy',
    ],
    [
      cel(
        'GeneratingPolicy',
        `{variables: [{name: s, expression: 'resource.Get("networking.k8s.io/v1", "networkpolicies", "a", "b")'}], generate: [{expression: 'generator.Apply(x, [variables.s])'}]}`,
      ),
      'generates NetworkPolicy',
    ],
    [
      cel(
        'NamespacedGeneratingPolicy',
        `{generate: [{expression: 'generator.Apply("x", [{"kind": "Pod"}])'}]}`,
      ),
      'generates Pod',
    ],
    [
      cel(
        'GeneratingPolicy',
        `{variables: [{name: s, expression: 'resource.Get("v1", "secrets", "a", "b")'}], generate: [{expression: 'generator.Apply(x, [variables.s])'}]}`,
      ),
      null,
    ],
    [cel('GeneratingPolicy', `{variables: [{expression: '{"kind": "NetworkPolicy"}'}]}`), null],
    [
      cel(
        'MutatingPolicy',
        `{${on('namespaces')}, ${json('[JSONPatch{op: "add", path: "/metadata/labels/a"}]')}}`,
      ),
      'changes Namespace',
    ],
    [
      cel(
        'MutatingPolicy',
        `{${on('namespaces')}, ${json('[JSONPatch{op: "add", path: "/metadata/annotations/a"}]')}}`,
      ),
      null,
    ],
    [
      cel('MutatingPolicy', `{${on('pods')}, ${json('Object{spec: Object.spec{hostNetwork: true}}')}}`),
      'changes Pod',
    ],
    [
      cel(
        'MutatingPolicy',
        `{${on('deployments')}, ${json('Object{metadata: Object.metadata{labels: x}}')}}`,
      ),
      null,
    ],
    [
      cel(
        'MutatingPolicy',
        `{${on('deployments')}, ${json('Object{spec: Object.spec{template: Object.spec.template{metadata: x{labels: y}}}}')}}`,
      ),
      'changes Deployment',
    ],
    [
      cel(
        'MutatingPolicy',
        `{${on('configmaps')}, ${on('networkpolicies', 'targetMatchConstraints')}, ${json('Object{spec: x}')}}`,
      ),
      'changes NetworkPolicy',
    ],
    [cel('MutatingPolicy', `{${on('pods')}, mutations: []}`), null],
    [
      cel('ValidatingPolicy', `{${on('namespaces')}, validations: [{expression: 'object.metadata.labels'}]}`),
      null,
    ],
  ])('%s', (text, expected) => {
    const problem = problemOf(text)
    expect(problem === null ? null : /p ((?:generates|changes) .*):/.exec(problem.message)?.[1]).toBe(
      expected,
    )
  })

  it('are limited by the name of a namespace, or by their own', () => {
    const selector = (labels: string): string =>
      cel(
        'MutatingPolicy',
        `{matchConstraints: {namespaceSelector: {${labels}}, resourceRules: [{resources: [pods]}]}, ${json('labels')}}`,
      )
    expect(problemOf(selector('matchLabels: {kubernetes.io/metadata.name: shop}'))?.hides.namespaces).toEqual(
      ['shop'],
    )
    expect(
      problemOf(
        selector(
          'matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, till]}]',
        ),
      )?.hides.namespaces,
    ).toEqual(['shop', 'till'])
    expect(
      problemOf(
        selector('matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]'),
      )?.hides.namespaces,
    ).toBe('all')
    expect(
      problemOf(cel('NamespacedMutatingPolicy', `{${on('pods')}, ${json('labels')}}`))?.hides.namespaces,
    ).toEqual(['home'])
  })
})

it.each([
  'spec: 1',
  'spec: {rules: 1}',
  'spec: {rules: [null, 1, text, [], {}]}',
  'spec: {rules: [{name: 1, generate: 1, mutate: [], match: 1}]}',
  'spec: {rules: [{generate: {kind: null, cloneList: 1, foreach: 1}, mutate: {targets: 1, foreach: {}, patchesJson6902: null}}]}',
  'metadata: null',
  'spec: {generate: 1, mutations: {}}',
])('%s is no exception, and nothing to tell', (broken) => {
  for (const [group, kind] of [
    ['kyverno.io/v1', 'ClusterPolicy'],
    ['policies.kyverno.io/v1', 'GeneratingPolicy'],
    ['policies.kyverno.io/v1', 'MutatingPolicy'],
  ] as const)
    expect(problemOf(`apiVersion: ${group}\nkind: ${kind}\n${broken}\n`)).toBeNull()
})

it('one policy is one problem, with all it does', () => {
  const text = `${policy('generate: {kind: NetworkPolicy, namespace: shop}')}  - name: s\n    match: {${pods}}\n    mutate: {patchStrategicMerge: {spec: {hostNetwork: true}}}\n`
  expect(problemOf(text)).toMatchObject({
    message:
      "Kyverno's ClusterPolicy p generates NetworkPolicy (rule r) and changes Pod (rule s): what comes of it is not in the tree.",
    hides: { namespaces: 'all' },
  })
})

it('other groups have kinds of the same names', () => {
  for (const [group, kind] of [
    ['nvidia.com/v1', 'ClusterPolicy'],
    ['policy.open-cluster-management.io/v1', 'Policy'],
    ['v1', 'Policy'],
    ['kyverno.io', 'Policy'],
    ['not-kyverno.io/v1', 'Policy'],
  ] as const)
    expect(
      problemOf(policy('generate: {kind: NetworkPolicy}', pods, kind).replace('kyverno.io/v1', group)),
    ).toBeNull()
})

it('who reaches whom is not known where Kyverno may have made a policy', () => {
  const app =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: till, namespace: shop}\nspec: {containers: [{name: a, image: b}]}\n'
  const ask = (...texts: readonly string[]) =>
    answer(
      analyze(
        CONFIG,
        {},
        texts.flatMap((text) => [...manifestsOf(text)]),
      ),
      { from: '10.0.0.1', to: 'Pod/shop/till', port: 15008, protocol: 'TCP' },
    ).verdict
  expect(ask(app)).toBe('allowed')
  expect(ask(app, policy('generate: {kind: NetworkPolicy, namespace: shop}'))).toBe('unknown')
  expect(ask(app, policy('generate: {kind: NetworkPolicy, namespace: till}'))).toBe('allowed')
})

describe('mutating admission policies of Kubernetes', () => {
  const mutating = (resources: string, expression: string): string =>
    `apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicy\nmetadata: {name: p}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: [${resources}]}]}\n  mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: '${expression}'}}]\n`
  const label = 'Object{metadata: Object.metadata{labels: {"istio.io/dataplane-mode": "ambient"}}}'

  it.each([
    ['namespaces', label, 'The MutatingAdmissionPolicy p changes Namespace'],
    ['pods', label, 'The MutatingAdmissionPolicy p changes Pod'],
    [
      'networkpolicies',
      'Object{spec: Object.spec{policyTypes: ["Ingress"]}}',
      'The MutatingAdmissionPolicy p changes NetworkPolicy',
    ],
    ['configmaps', label, undefined],
    [
      'pods',
      'Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: "proxy"}]}}',
      undefined,
    ],
  ])('on %s with %s', (resources, expression, expected) => {
    expect(problemOf(mutating(resources, expression))?.message.split(':')[0]).toBe(expected)
  })
})

describe('mutators of Gatekeeper', () => {
  const mutator = (kind: string, spec: string): string =>
    `apiVersion: mutations.gatekeeper.sh/v1\nkind: ${kind}\nmetadata: {name: p}\nspec: {${spec}}\n`
  const deed = (text: string): string | undefined => / p (.*?):/.exec(problemOf(text)?.message ?? '')?.[1]
  const label = 'location: metadata.labels."istio.io/dataplane-mode"'
  const on = (...kinds: readonly string[]): string => `kinds: [{apiGroups: ["*"], kinds: [${kinds.join()}]}]`
  const applies = (kind: string): string => `applyTo: [{groups: [""], versions: [v1], kinds: [${kind}]}]`

  it.each([
    ['AssignMetadata', `${label}, match: {${on('Namespace')}}`, 'changes Namespace'],
    ['AssignMetadata', `${label}, match: {scope: Cluster}`, 'changes Namespace'],
    ['AssignMetadata', `${label}, match: {scope: Namespaced}`, 'changes Pod'],
    ['AssignMetadata', label, 'changes Namespace, Pod'],
    ['AssignMetadata', `${label}, match: {${on('"*"')}}`, 'changes Namespace, Pod'],
    // Labels of a Deployment are not those of its pods.
    ['AssignMetadata', `${label}, match: {${on('Deployment')}}`, undefined],
    ['AssignMetadata', `location: metadata.annotations.owner, match: {${on('Namespace', 'Pod')}}`, undefined],
    [
      'AssignMetadata',
      `location: metadata.annotations."sidecar.istio.io/inject", match: {${on('Pod')}}`,
      'changes Pod',
    ],
    ['Assign', `${applies('Pod')}, location: spec.hostNetwork`, 'changes Pod'],
    ['Assign', `${applies('Pod')}, location: "spec.containers[name:*].imagePullPolicy"`, undefined],
    ['Assign', `${applies('Pod')}, location: "spec.containers[name: web].readinessProbe"`, 'changes Pod'],
    ['Assign', `${applies('Pod')}, ${label}, match: {${on('Namespace')}}`, undefined],
    ['ModifySet', `${applies('NetworkPolicy')}, location: spec.policyTypes`, 'changes NetworkPolicy'],
    ['ModifySet', `${applies('Pod')}, location: "spec.containers[name: *].args"`, undefined],
  ])('%s with %s', (kind, spec, expected) => {
    expect(deed(mutator(kind, spec))).toBe(expected)
  })

  it.each([
    ['namespaces: [shop, till]', ['shop', 'till']],
    ['namespaces: [shop, "team-*"]', 'all'],
    ['excludedNamespaces: [shop]', 'all'],
  ])('writes where %s', (where, expected) => {
    const text = mutator('AssignMetadata', `${label}, match: {${on('Namespace')}, ${where}}`)
    expect(problemOf(text)?.hides.namespaces).toEqual(expected)
  })

  it('is of another group', () => {
    expect(problemOf(mutator('Assign', label).replace('mutations.gatekeeper.sh', 'example.com'))).toBeNull()
  })
})

describe('tenants of Capsule', () => {
  const tenant = (spec: string): string =>
    `apiVersion: capsule.clastix.io/v1beta2\nkind: Tenant\nmetadata: {name: p}\nspec: {${spec}}\n`

  it.each([
    ['networkPolicies: {items: [{podSelector: {}}]}', 'generates NetworkPolicy'],
    ['namespaceOptions: {additionalMetadata: {labels: {a: b}}}', 'changes Namespace'],
    ['namespaceOptions: {additionalMetadataList: [{labels: {a: b}}]}', 'changes Namespace'],
    ['namespaceOptions: {additionalMetadata: {annotations: {a: b}}}', undefined],
    ['networkPolicies: {items: []}', undefined],
    ['owners: [{name: team, kind: Group}]', undefined],
  ])('with %s', (spec, expected) => {
    expect(/ p (.*?):/.exec(problemOf(tenant(spec))?.message ?? '')?.[1]).toBe(expected)
  })
})
