// ApplicationSets: which Applications their generators make of this tree
// (docs/operator-manual/applicationset, applicationset/generators of Argo CD).
import { describe, expect, test } from 'vitest'
import { placeOf } from '../../../src/core/kubernetes/origin.ts'
import { HERE, PARENT, only, render, trouble } from './argo.ts'
import type { Rendered } from './argo.ts'
import { APPS, made, setOf } from './sets.ts'

/** `name → folder in namespace`, for each Application. */
const listed = ({ units, problems }: Rendered): readonly string[] => {
  expect(problems).toEqual([])
  return units.map((unit) => `${unit.title.replace('manifests in ', '')} in ${String(unit.namespace)}`)
}

const git = (rest: string, indent = '    '): string =>
  `${indent}- git:\n${indent}    repoURL: ${HERE}\n${rest.replace(/^/gm, `${indent}    `)}`

describe('list', () => {
  const elements = `    - list:
        elements:
          - {app: front, ns: web}
          - {app: back, ns: data, values: {tier: inner}}`

  test('each element is an Application', async () => {
    const rendered = await made({
      generators: elements,
      name: 'x-{{app}}',
      path: 'apps/{{ app }}',
      namespace: '{{ns}}',
    })
    expect(listed(rendered)).toEqual([
      'apps/front for Application argocd/x-front in web',
      'apps/back for Application argocd/x-back in data',
    ])
    // The lines are those of the template.
    expect(rendered.units[0]?.at).toEqual({ path: 'argocd/app.yaml', line: 21 })
    expect(rendered.paths).toEqual(['apps/back', 'apps/front'])
  })

  test('values of an element are named with a dot', async () => {
    const rendered = await made({
      generators: elements,
      name: '{{app}}',
      path: 'apps/{{app}}',
      namespace: 'x-{{values.tier}}',
    })
    expect(rendered.units.map(({ namespace }) => namespace)).toEqual(['x-inner'])
    // The first has no such value.
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-applicationset', class: 'unreadable' })
    expect(trouble(rendered).message).toContain('{{values.tier}}, which is not among its parameters')
  })

  test('Go templates see elements as they are', async () => {
    const generators = '    - list:\n        elements: [{app: {name: front}, nr: 3}]'
    const rendered = await made({
      generators,
      go: true,
      name: '{{.app.name}}-{{.nr}}',
      path: 'apps/{{.app.name}}',
      namespace: 'x',
    })
    expect(listed(rendered)).toEqual(['apps/front for Application argocd/front-3 in x'])
  })

  // list.go: "error parsing value as string".
  test('in the older syntax a number is no value', async () => {
    const rendered = await made({
      generators: '    - list:\n        elements: [{app: 5}]',
      name: '{{app}}',
      path: 'apps',
    })
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-applicationset', class: 'unreadable' })
  })

  test('elementsYaml is read as well', async () => {
    const generators = `    - list:\n        elementsYaml: |\n          - {app: front}\n          - {app: back}`
    const rendered = await made({
      generators,
      go: true,
      name: '{{.app}}',
      path: 'apps/{{.app}}',
      namespace: 'x',
    })
    expect(rendered.units).toHaveLength(2)
    const broken = await made({ generators: '    - list:\n        elementsYaml: "a: ["', go: true })
    expect(trouble(broken).code).toBe('invalid-applicationset')
  })

  test('two Applications of one name are one: the controller refuses the second', async () => {
    const rendered = await made({ generators: elements, name: 'same', path: 'apps/{{app}}', namespace: 'x' })
    expect(rendered.units).toHaveLength(1)
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-applicationset', hides: { namespaces: ['x'] } })
  })
})

describe('git directories', () => {
  test('each folder that a pattern matches, hidden ones left out, a star within one part', async () => {
    const rendered = await made({ generators: git('directories:\n  - path: apps/*') })
    expect(listed(rendered)).toEqual([
      'apps/back for Application argocd/back in back',
      'apps/front for Application argocd/front in front',
    ])
    expect(rendered.paths).toEqual(['apps/back', 'apps/front'])
    // A folder that is added later is a further Application.
    expect(rendered.inputs).toContain('apps')
  })

  test('what any pattern excludes is out', async () => {
    const generators = git('directories:\n  - {path: "apps/b*", exclude: true}\n  - path: apps/*')
    expect(listed(await made({ generators }))).toEqual(['apps/front for Application argocd/front in front'])
  })

  test('parts of the path are parameters', async () => {
    const generators = git('directories:\n  - path: apps/*/*')
    const names = { name: '{{path.basenameNormalized}}-{{path[1]}}', namespace: '{{path[0]}}' }
    expect(listed(await made({ generators, ...names }))).toEqual([
      'apps/back/deep for Application argocd/deep-back in apps',
    ])
    const go = {
      go: true,
      name: '{{.path.basenameNormalized}}-{{index .path.segments 1}}',
      namespace: '{{index .path.segments 0}}',
    }
    expect(listed(await made({ generators, ...go }))).toEqual([
      'apps/back/deep for Application argocd/deep-back in apps',
    ])
  })

  test('pathParamPrefix goes before them, and values are templates over them', async () => {
    const generators = git(
      'directories:\n  - path: apps/front\npathParamPrefix: app\nvalues: {ns: "x-{{app.path.basename}}"}',
    )
    const names = { name: '{{app.path.basename}}', path: '{{app.path}}', namespace: '{{values.ns}}' }
    expect(listed(await made({ generators, ...names }))).toEqual([
      'apps/front for Application argocd/front in x-front',
    ])
    const goGenerators = git(
      'directories:\n  - path: apps/front\npathParamPrefix: app\nvalues: {ns: "x-{{.app.path.basename}}"}',
    )
    const go = { name: '{{.app.path.basename}}', path: '{{.app.path.path}}', namespace: '{{.values.ns}}' }
    expect(listed(await made({ generators: goGenerators, go: true, ...go }))).toEqual([
      'apps/front for Application argocd/front in x-front',
    ])
  })

  test('of another repository are not seen', async () => {
    const generators = git('directories:\n  - path: apps/*').replace(HERE, 'https://elsewhere.example/x')
    const rendered = await made({ generators })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({
      code: 'remote-source',
      class: 'unseen',
      line: 9,
      // Each Application would have had a namespace of its own.
      hides: { namespaces: 'all', under: ['argocd/app.yaml'] },
    })
    expect(rendered.paths).toEqual([])
  })

  test('of a tag are those of this tree, and it is said', async () => {
    const rendered = await made({ generators: git('revision: v1.2.3\ndirectories:\n  - path: apps/*') })
    expect(rendered.units).toHaveLength(2)
    expect(trouble(rendered)).toMatchObject({
      code: 'revision-pinned',
      hides: { namespaces: [], under: ['apps'] },
    })
  })

  test.each(['../*', '/etc/*', 'apps/../../*'])('a pattern %s looks outside', async (path) => {
    const rendered = await made({ generators: git(`directories:\n  - path: ${path}`) })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered).code).toBe('invalid-applicationset')
  })

  test('none of them is no Application, and no trouble', async () => {
    expect(listed(await made({ generators: git('directories:\n  - path: none/*') }))).toEqual([])
  })
})

describe('git files', () => {
  const CONFIG = {
    ...APPS,
    'env/eu/config.json': '{"app": {"name": "front", "port": 8080}, "ns": "web"}',
    'env/us/config.yaml': 'app: {name: back}\nns: data\n',
    'env/us/notes.txt': 'no: parameters',
  }

  test('each file is a set of parameters, with names joined by dots', async () => {
    const rendered = await made(
      {
        generators: git('files:\n  - path: "env/*/config.*"'),
        name: '{{app.name}}-{{path.basename}}',
        path: 'apps/{{app.name}}',
        namespace: '{{ns}}',
      },
      CONFIG,
    )
    expect(listed(rendered)).toEqual([
      'apps/front for Application argocd/front-eu in web',
      'apps/back for Application argocd/back-us in data',
    ])
    expect(rendered.inputs).toContain('env/eu/config.json')
    expect(rendered.inputs).toContain('env')
    // What is in the files is known only once they are read.
    expect(rendered.paths).toEqual([])
    expect(rendered.claims).toEqual(['apps/back', 'apps/front'])
  })

  test('Go templates see them with their structure, and the name of the file', async () => {
    const set = {
      generators: git('files:\n  - path: "env/eu/*"'),
      go: true,
      name: '{{.app.name}}-{{.app.port}}-{{.path.filenameNormalized}}',
      path: 'apps/{{.app.name}}',
      namespace: '{{.path.basename}}',
    }
    expect(listed(await made(set, CONFIG))).toEqual([
      'apps/front for Application argocd/front-8080-config.json in eu',
    ])
  })

  test('a list in a file is a set of parameters each', async () => {
    const files = { ...APPS, 'env/all.yaml': '- {app: front}\n- {app: back}\n' }
    const set = {
      generators: git('files:\n  - path: env/all.yaml'),
      name: '{{app}}',
      path: 'apps/{{app}}',
      namespace: 'x',
    }
    expect((await made(set, files)).units).toHaveLength(2)
  })

  // pathspecs of git: docs/operator-manual/applicationset/Generators-Git-File-Globbing.md, "very greedy globbing".
  test('a star runs over slashes, a folder is all that is in it, and exclude takes away', async () => {
    const files = { ...APPS, 'env/a.yaml': 'is: a', 'env/deep/b.yaml': 'is: b', 'env/deep/c.yaml': 'is: c' }
    const named = async (rest: string) =>
      (
        await made({ generators: git(rest), name: '{{is}}', path: 'apps/front', namespace: 'x' }, files)
      ).units.map(({ title }) => title.slice(-1))
    expect(await named('files:\n  - path: env/*.yaml')).toEqual(['a', 'b', 'c'])
    expect(await named('files:\n  - path: env/deep')).toEqual(['b', 'c'])
    expect(await named('files:\n  - path: env\n  - {path: "*/c.yaml", exclude: true}')).toEqual(['a', 'b'])
  })

  test('a file that is no YAML is broken', async () => {
    for (const text of ['a: [', 'text', '- a\n- b\n']) {
      const rendered = await made(
        { generators: git('files:\n  - path: env/x.yaml') },
        { ...APPS, 'env/x.yaml': text },
      )
      expect(rendered.units).toEqual([])
      expect(trouble(rendered)).toMatchObject({ code: 'invalid-applicationset', class: 'unreadable' })
      expect(trouble(rendered).message).toContain('env/x.yaml')
    }
  })

  test('an empty file is one set of parameters without any of its own', async () => {
    const set = { generators: git('files:\n  - path: apps/front/empty.yaml') }
    const rendered = await made(set, { ...APPS, 'apps/front/empty.yaml': '# nothing\n' })
    expect(listed(rendered)).toEqual(['apps/front for Application argocd/front in front'])
  })

  test('a link is not followed, and magic of git is not evaluated', async () => {
    const text = setOf({ generators: git('files:\n  - path: env/*') })
    expect(trouble(await render({ 'argocd/app.yaml': text, ...APPS }, ['env/x.yaml']))).toMatchObject({
      code: 'symbolic-link',
    })
    expect(trouble(await made({ generators: git('files:\n  - path: ":(glob)env/*"') }))).toMatchObject({
      code: 'generator-not-supported',
    })
  })
})

describe('matrix', () => {
  const CLUSTERS =
    '            - list:\n                elements:\n                  - {cluster: eu}\n                  - {cluster: us}'
  const matrix = (first: string, second: string): string =>
    `    - matrix:\n        generators:\n${first}\n${second}`

  test('every combination of the two', async () => {
    const generators = matrix(git('directories:\n  - path: apps/*', '            '), CLUSTERS)
    const rendered = await made({
      generators,
      name: '{{path.basename}}-{{cluster}}',
      namespace: 'x-{{cluster}}',
    })
    expect(listed(rendered)).toEqual([
      'apps/back for Application argocd/back-eu in x-eu',
      'apps/back for Application argocd/back-us in x-us',
      'apps/front for Application argocd/front-eu in x-eu',
      'apps/front for Application argocd/front-us in x-us',
    ])
  })

  test('the second may use what the first gives', async () => {
    const list = '            - list:\n                elements: [{app: front}]'
    const old = matrix(list, git('directories:\n  - path: "apps/{{app}}"', '            '))
    expect(listed(await made({ generators: old }))).toEqual([
      'apps/front for Application argocd/front in front',
    ])
    const go = matrix(list, git('directories:\n  - path: "apps/{{.app}}"', '            '))
    expect(listed(await made({ generators: go, go: true }))).toEqual([
      'apps/front for Application argocd/front in front',
    ])
  })

  test('a list may come from a file of the first, as JSON', async () => {
    const generators = matrix(
      git('files:\n  - path: env/all.yaml', '            '),
      "            - list:\n                elementsYaml: '{{ .apps | toJson }}'",
    )
    const files = { ...APPS, 'env/all.yaml': 'apps: [{app: front}, {app: back}]\n' }
    const set = { generators, go: true, name: '{{.app}}', path: 'apps/{{.app}}', namespace: 'x' }
    expect((await made(set, files)).units.map(({ title }) => title)).toEqual([
      'manifests in apps/front for Application argocd/front',
      'manifests in apps/back for Application argocd/back',
    ])
  })

  test('with Go templates the first wins, and mappings are merged', async () => {
    const generators = matrix(
      '            - list:\n                elements: [{a: {x: one}, b: first}]',
      '            - list:\n                elements: [{a: {x: two, z: three}, b: second}]',
    )
    const set = { generators, go: true, name: '{{.a.x}}-{{.a.z}}-{{.b}}', path: 'apps/front', namespace: 'x' }
    expect(listed(await made(set))).toEqual(['apps/front for Application argocd/one-three-first in x'])
  })

  // CombineStringMaps: "found duplicate key %s with different value".
  test('in the older syntax one name with two values is an error', async () => {
    const one = '            - list:\n                elements: [{a: one}]'
    const rendered = await made({ generators: matrix(one, one.replace('one', 'two')), path: 'apps' })
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-applicationset' })
    expect(trouble(rendered).message).toContain('both set a')
  })

  test('one of three generators, or of one, is refused', async () => {
    const rendered = await made({ generators: `${matrix(CLUSTERS, CLUSTERS)}\n${CLUSTERS}` })
    expect(trouble(rendered).code).toBe('invalid-applicationset')
    expect(trouble(await made({ generators: matrix(CLUSTERS, '') })).code).toBe('invalid-applicationset')
  })

  test('a matrix may hold a matrix, and that one no further', async () => {
    const element = (key: string) => `- list: {elements: [{${key}: "${key}"}]}`
    const nested = `    - matrix:
        generators:
          ${element('a')}
          - matrix:
              generators:
                ${element('b')}
                ${element('c')}`
    const names = { name: '{{a}}{{b}}{{c}}', path: 'apps/front', namespace: 'x' }
    expect(listed(await made({ generators: nested, ...names }))).toEqual([
      'apps/front for Application argocd/abc in x',
    ])
    const deeper = nested.replace(
      element('c'),
      `- matrix: {generators: [{list: {elements: [{c: c}]}}, {list: {elements: [{d: d}]}}]}`,
    )
    expect(trouble(await made({ generators: deeper, ...names })).code).toBe('generator-not-supported')
  })

  test('one of a kind that is not evaluated is named', async () => {
    const rendered = await made({
      generators: matrix(CLUSTERS, '            - clusters: {}'),
      namespace: 'x',
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'generator-not-supported', hides: { namespaces: ['x'] } })
    expect(trouble(rendered).message).toContain('of the kind clusters')
  })
})

describe('what is not evaluated', () => {
  test.each([
    'clusters',
    'clusterDecisionResource',
    'scmProvider',
    'pullRequest',
    'plugin',
    'merge',
    'novel',
  ])('a generator of the kind %s', async (kind) => {
    const rendered = await made({ generators: `    - ${kind}: {}`, namespace: 'x' })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({
      path: 'argocd/app.yaml',
      line: 9,
      code: 'generator-not-supported',
      class: 'unseen',
      message: `ApplicationSet argocd/all has a generator of the kind ${kind}, which is not evaluated here.`,
      hides: { namespaces: ['x'], under: ['argocd/app.yaml'] },
    })
  })

  test('hides everything where each Application has a namespace of its own', async () => {
    expect(trouble(await made({ generators: '    - clusters: {}' })).hides.namespaces).toBe('all')
  })

  test('the other generators of the set are, all the same', async () => {
    const rendered = await made({
      generators: `    - clusters: {}\n${git('directories:\n  - path: apps/front')}`,
    })
    expect(only(rendered, 'plain').paths).toEqual(['apps/front/a.yaml'])
    expect(trouble(rendered).code).toBe('generator-not-supported')
  })

  test('an expression leaves its Applications out, and is named once', async () => {
    const set = {
      generators: git('directories:\n  - path: apps/*'),
      go: true,
      namespace: '{{ .path.basename | sha256sum }}',
    }
    const rendered = await made(set)
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({
      code: 'template-not-supported',
      class: 'unseen',
      line: 13,
      hides: { namespaces: 'all' },
    })
    expect(trouble(rendered).message).toContain('{{ .path.basename | sha256sum }}')
  })

  test('an expression in what decides nothing does not matter', async () => {
    // `labels` of the template hold `{{ if .x }}`.
    const rendered = await made({ generators: git('directories:\n  - path: apps/front'), go: true })
    expect(listed(rendered)).toEqual(['apps/front for Application argocd/front in front'])
  })

  test('a parameter that is missing is an error where the set says so', async () => {
    const set = { generators: git('directories:\n  - path: apps/front'), go: true, namespace: 'x{{.none}}' }
    expect((await made(set)).units[0]?.namespace).toBe('x<no value>')
    const strict = await made({ ...set, spec: '  goTemplateOptions: ["missingkey=error"]\n' })
    expect(strict.units).toEqual([])
    expect(trouble(strict)).toMatchObject({ code: 'invalid-applicationset', class: 'unreadable' })
  })

  test('a templatePatch may change anything', async () => {
    const rendered = await made({
      generators: git('directories:\n  - path: apps/*'),
      spec: '  templatePatch: |\n    spec: {}\n',
      namespace: 'x',
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({
      code: 'template-not-supported',
      class: 'unseen',
      hides: { namespaces: ['x'] },
    })
  })
})

describe('what else a generator may say', () => {
  test('a selector keeps the parameters that it matches', async () => {
    const list = (selector: string): string =>
      `    - list:\n        elements:\n          - {app: front, tier: outer}\n          - {app: back}\n      selector: ${selector}`
    const names = { name: '{{app}}', path: 'apps/{{app}}', namespace: 'x' }
    const left = async (selector: string) =>
      (await made({ generators: list(selector), ...names })).units.map(({ title }) =>
        title.replace(/.*\//, ''),
      )
    expect(await left('{matchLabels: {tier: outer}}')).toEqual(['front'])
    expect(await left('{matchExpressions: [{key: tier, operator: DoesNotExist}]}')).toEqual(['back'])
    // What has no such parameter is not in the list.
    expect(await left('{matchExpressions: [{key: tier, operator: NotIn, values: [outer]}]}')).toEqual([
      'back',
    ])
    expect(await left('{}')).toEqual(['front', 'back'])
  })

  test('its own template fills what it says, and leaves the rest to the template of the set', async () => {
    const generators = `    - list:
        elements: [{app: front}]
        template:
          metadata: {}
          spec:
            destination: {namespace: 'own-{{app}}'}`
    const rendered = await made({ generators, name: '{{app}}', path: 'apps/{{app}}', namespace: 'x' })
    expect(listed(rendered)).toEqual(['apps/front for Application argocd/front in own-front'])
  })

  test('a destination may be a cluster for each', async () => {
    const set = setOf({
      generators: '    - list:\n        elements: [{c: eu}, {c: us}]',
      name: 'a-{{c}}',
      path: 'apps/front',
      namespace: 'x',
    })
    const text = set.replace('server: https://kubernetes.default.svc', "name: 'prod-{{c}}'")
    const rendered = await render({ 'argocd/app.yaml': text, ...APPS })
    expect([...rendered.clusters.values()]).toEqual(['prod-eu', 'prod-us'])
  })

  test('labels of the namespace stand in the template, but for those that a parameter went into', async () => {
    const spec = `      syncPolicy:
        syncOptions: [CreateNamespace=true]
        managedNamespaceMetadata:
          labels:
            istio.io/dataplane-mode: ambient
            team: '{{path.basename}}'
`
    const text = setOf({ generators: git('directories:\n  - path: apps/front') }) + spec
    const { manifests } = await render({ 'argocd/app.yaml': text, ...APPS })
    const [namespace] = manifests
    expect(namespace?.object).toMatchObject({
      metadata: { name: 'front', labels: { 'istio.io/dataplane-mode': 'ambient', team: 'front' } },
    })
    if (namespace === undefined) throw new Error('there is none')
    const { origin } = namespace
    const lines = text.split('\n')
    const said = (key: string): string => lines[placeOf(origin, ['metadata', 'labels', key]).line - 1] ?? ''
    expect(said('istio.io/dataplane-mode')).toContain('istio.io/dataplane-mode: ambient')
    // No text says `front`: all there is to point at is the policy.
    expect(said('team')).toContain('syncPolicy:')
    expect(origin.making?.layers.map(({ value }) => value)).toEqual(['ambient'])
  })

  test('a release of a chart lies beside the ApplicationSet', async () => {
    const rendered = await made(
      { generators: git('directories:\n  - path: charts/*') },
      { 'charts/redis/Chart.yaml': 'name: redis\nversion: 1.0.0\n' },
    )
    expect(only(rendered, 'helm')).toMatchObject({ release: 'redis', namespace: 'redis', host: PARENT })
  })
})

describe('hostile sets', () => {
  test.each([
    '    []',
    '    text',
    '    - 5',
    '    - null',
    '    - list: 5',
    '    - list: {elements: text}',
    '    - list: {elements: [5, null, [a]]}',
    '    - list: {elements: [{values: text}]}',
    '    - list: {elements: [{a: null}]}',
    '    - list: {elements: [], elementsYaml: 5}',
    '    - git: 5',
    '    - git: {}',
    '    - git: {repoURL: 5, directories: [{path: a}]}',
    `    - git: {repoURL: "${HERE}", directories: text}`,
    `    - git: {repoURL: "${HERE}", directories: [5, {path: 7}]}`,
    `    - git: {repoURL: "${HERE}", directories: [{path: "apps/*", exclude: perhaps}]}`,
    `    - git: {repoURL: "${HERE}", directories: [{path: "apps/*"}], values: {a: 1}}`,
    '    - matrix: 5',
    '    - matrix: {generators: 5}',
    '    - matrix: {generators: [5, 6]}',
    '    - matrix: {generators: [{}, {}]}',
    '    - matrix: {generators: [{list: null}, {list: {elements: []}}]}',
    '    - {list: {elements: [{a: b}]}, selector: {matchLabels: {a: 5}}}',
  ])('generators of %s end as problems, or as nothing', async (generators) => {
    const rendered = await made({ generators, path: 'apps/front', namespace: 'x' })
    for (const { code } of rendered.problems) expect(code).toBe('invalid-applicationset')
    if (generators.trim() !== '[]') expect(rendered.problems.length).toBeGreaterThan(0)
  })

  test.each([
    'spec: 5',
    'spec: {}',
    'spec: {template: 5}',
    'spec: {generators: [{list: {elements: [{a: b}]}}], template: {}}',
    '',
  ])('a set with %j', async (rest) => {
    const text = `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\n${rest}\n`
    const rendered = await render({ 'argocd/app.yaml': text })
    expect(rendered.units).toEqual([])
    expect(rendered.problems.length).toBeGreaterThan(0)
    for (const problem of rendered.problems) expect(problem.class).toBe('unreadable')
  })
})
