// Plain files of a folder: which of them Argo CD applies (docs/user-guide/directory.md, docs/user-guide/jsonnet.md,
// findManifests in reposerver/repository/repository.go).
import { expect, test } from 'vitest'
import { application, only, render, trouble } from './argo.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n'

const filesOf = async (section: string, paths: readonly string[]) => {
  const rendered = await render({
    'argocd/app.yaml': application(`    path: x\n    directory:\n${section}`),
    ...Object.fromEntries(paths.map((path) => [path, POD])),
  })
  expect(rendered.problems).toEqual([])
  return only(rendered, 'plain').paths
}

test('YAML and JSON directly in the folder; the ending decides, and only in lower case', async () => {
  const files = [
    'x/a.yaml',
    'x/b.yml',
    'x/c.json',
    'x/d.txt',
    'x/README.md',
    'x/e.YAML',
    'x/sub/f.yaml',
    'y/g.yaml',
  ]
  expect(await filesOf('      recurse: false', files)).toEqual(['x/a.yaml', 'x/b.yml', 'x/c.json'])
})

test('recurse takes what is below, hidden folders too', async () => {
  const files = ['x/a.yaml', 'x/sub/deep/b.yaml', 'x/.hidden/c.yaml']
  expect(await filesOf('      recurse: true', files)).toEqual([
    'x/.hidden/c.yaml',
    'x/a.yaml',
    'x/sub/deep/b.yaml',
  ])
})

test('include and exclude are globs over the path below the folder; a star runs over slashes', async () => {
  const files = ['x/a.yaml', 'x/b.yml', 'x/env/prod/c.yaml', 'x/env/stage/d.yaml']
  const recurse = '      recurse: true\n'
  expect(await filesOf(`${recurse}      include: "*.yml"`, files)).toEqual(['x/b.yml'])
  // From the documentation: include '{*.yml,*.yaml}', exclude '{config.yaml,env-use2/*}'.
  expect(await filesOf(`${recurse}      include: "{*.yml,env/prod/*}"`, files)).toEqual([
    'x/b.yml',
    'x/env/prod/c.yaml',
  ])
  expect(await filesOf(`${recurse}      exclude: "{a.yaml,env/*}"`, files)).toEqual(['x/b.yml'])
  // "If both are given, exclude wins": it is looked at first.
  expect(await filesOf(`${recurse}      include: "*.yaml"\n      exclude: "*/prod/*"`, files)).toEqual([
    'x/a.yaml',
    'x/env/stage/d.yaml',
  ])
})

test('a file that asks to be left out is left out', async () => {
  const rendered = await render({
    'argocd/app.yaml': application('    path: x'),
    'x/a.yaml': POD,
    'x/values.yaml': '# +argocd:skip-file-rendering\nreplicas: 1\n',
  })
  expect(only(rendered, 'plain').paths).toEqual(['x/a.yaml'])
})

test('a pattern that cannot be read is told: Argo CD takes it to match nothing', async () => {
  const rendered = await render({
    'argocd/app.yaml': application('    path: x\n    directory:\n      include: "{a"'),
    'x/a.yaml': POD,
  })
  expect(only(rendered, 'plain').paths).toEqual([])
  expect(trouble(rendered)).toMatchObject({ code: 'invalid-pattern', class: 'unreadable', line: 11 })
})

test('Jsonnet is named, and the rest is rendered', async () => {
  const rendered = await render({
    'argocd/app.yaml': application('    path: x'),
    'x/a.yaml': POD,
    'x/main.jsonnet': '{}',
    // Argo CD imports these and does not run them.
    'x/lib.libsonnet': '{}',
  })
  expect(only(rendered, 'plain').paths).toEqual(['x/a.yaml'])
  expect(trouble(rendered)).toMatchObject({
    path: 'x/main.jsonnet',
    code: 'jsonnet-not-supported',
    class: 'unseen',
    hides: { namespaces: ['shop'], under: ['argocd/app.yaml', 'x/main.jsonnet'] },
  })
})

test('a link to a manifest is not followed, and that is said', async () => {
  const rendered = await render({ 'argocd/app.yaml': application('    path: x'), 'x/a.yaml': POD }, [
    'x/b.yaml',
    'x/notes',
  ])
  expect(only(rendered, 'plain').paths).toEqual(['x/a.yaml'])
  expect(trouble(rendered)).toMatchObject({ path: 'x/b.yaml', code: 'symbolic-link', class: 'unseen' })
})

test('a companion goes beside the files, unless the patterns would leave it out', async () => {
  const hostWith = async (section: string) =>
    only(await render({ 'argocd/app.yaml': application(`    path: x${section}`), 'x/a.yaml': POD }), 'plain')
      .host
  expect(await hostWith('')).toMatchObject({ kind: 'folder', folder: 'x' })
  expect(await hostWith('\n    directory: {include: "*.yaml"}')).toMatchObject({ folder: 'x' })
  expect(await hostWith('\n    directory: {include: a.yaml}')).toBeNull()
  expect(await hostWith('\n    directory: {exclude: "c*"}')).toBeNull()
})
