// ApplicationSets of strangers that would make very many Applications: each comes to an end, and says so.
import { describe, expect, test } from 'vitest'
import { HERE, trouble } from '../renderers/argocd/argo.ts'
import { POD, made } from '../renderers/argocd/sets.ts'

describe('hostile sets', () => {
  test('100,000 elements are not looked at', async () => {
    const elements = Array.from({ length: 100_000 }, (_, at) => `{a: "${String(at)}"}`).join(', ')
    const rendered = await made({
      generators: `    - list:\n        elements: [${elements}]`,
      name: '{{a}}',
      path: 'apps/front',
      namespace: 'x',
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({
      code: 'too-many-applications',
      class: 'unseen',
      hides: { namespaces: ['x'] },
    })
  })

  test('a matrix that explodes is not, nor are many generators together', async () => {
    const many = `list: {elements: [${Array.from({ length: 3000 }, (_, at) => `{a: "${String(at)}"}`).join(', ')}]}`
    const other = many.replaceAll('{a:', '{b:')
    const names = { name: '{{a}}-{{b}}', path: 'apps/front', namespace: 'x' }
    const matrix = await made({ generators: `    - matrix: {generators: [{${many}}, {${other}}]}`, ...names })
    expect(matrix.units).toEqual([])
    expect(trouble(matrix).code).toBe('too-many-applications')
    const both = await made({
      generators: `    - ${many}\n    - ${many.replaceAll('{a: "', '{a: "x')}`,
      ...names,
      name: '{{a}}',
    })
    expect(both.units).toEqual([])
    expect(trouble(both).code).toBe('too-many-applications')
  })

  test('a matrix that looks at the tree again and again comes to an end', async () => {
    const many = `list: {elements: [${Array.from({ length: 5000 }, (_, at) => `{a: "${String(at)}"}`).join(', ')}]}`
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`x/${String(at)}/a.yaml`, POD]))
    const looking = `git: {repoURL: "${HERE}", directories: [{path: "x/none-*-{{a}}"}]}`
    const rendered = await made(
      { generators: `    - matrix: {generators: [{${many}}, {${looking}}]}`, namespace: 'x' },
      files,
    )
    expect(rendered.units).toEqual([])
    expect(trouble(rendered).code).toBe('too-many-applications')
  })

  test('a large template for many Applications comes to an end', async () => {
    const elements = Array.from({ length: 5000 }, (_, at) => `{a: "${String(at)}"}`).join(', ')
    const rendered = await made({
      generators: `    - list:\n        elements: [${elements}]`,
      name: '{{a}}',
      path: `apps/${'x'.repeat(50_000)}`,
      namespace: 'x',
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered).code).toBe('too-many-applications')
  })
})
