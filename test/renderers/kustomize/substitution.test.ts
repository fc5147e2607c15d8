import { describe, expect, it } from 'vitest'
import { tool } from '../tree.ts'
import { at, build, namesOf, only, saidBy } from './build.ts'

const there = await tool('kustomize')

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: \${app}-web
  namespace: \${namespace:=shop}
spec:
  podSelector: {}
  ingress:
    - ports:
        - port: \${port}
`
const app = (policy: string): Record<string, string> => ({
  'app/kustomization.yaml': 'resources: [policy.yaml]\n',
  'app/policy.yaml': policy,
})
const given = (
  values: Readonly<Record<string, string>>,
): { readonly substitutions: Map<string, string> } => ({
  substitutions: new Map(Object.entries(values)),
})

describe.skipIf(there === null)('variables in a kustomization', () => {
  it('become what they say, numbers too, and lead to the line with the expression', async () => {
    const rendering = await build(app(POLICY), 'app', given({ app: 'eu', port: '8080' }))
    const policy = only(rendering, 'NetworkPolicy')
    expect(at(policy.object, ['metadata'])).toEqual({ name: 'eu-web', namespace: 'shop' })
    expect(at(policy.object, ['spec', 'ingress', 0, 'ports', 0, 'port'])).toBe(8080)
    expect(saidBy(policy, ['spec', 'ingress', 0, 'ports', 0, 'port'])).toBe('app/policy.yaml:10')
    expect(saidBy(policy, ['metadata', 'namespace'])).toBe('app/policy.yaml:5')
    expect(policy.origin.making?.sourceName).toBe('${app}-web')
    expect(rendering.problems).toEqual([])
  })

  it('stay where nobody replaces any, where there are none, and in what is kept from it', async () => {
    const name = async (policy: string, unit: Parameters<typeof build>[2]): Promise<unknown> =>
      at(only(await build(app(policy), 'app', unit), 'NetworkPolicy').object, ['metadata', 'name'])
    expect(await name(POLICY, {})).toBe('${app}-web')
    expect(await name(POLICY, given({}))).toBe('${app}-web')
    for (const key of ['labels', 'annotations']) {
      const kept = POLICY.replace(
        'metadata:',
        `metadata:\n  ${key}: {kustomize.toolkit.fluxcd.io/substitute: disabled}`,
      )
      expect(await name(kept, given({ app: 'eu' }))).toBe('${app}-web')
    }
  })

  it('that cannot be replaced leave the object out, and say so', async () => {
    const two = `${POLICY}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: script, namespace: tools}\ndata: {run: "\${list[@]}"}\n`
    const rendering = await build(app(two), 'app', given({ app: 'eu', port: '1' }))
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/eu-web'])
    expect(rendering.problems).toMatchObject([
      {
        path: 'app/policy.yaml',
        line: 12,
        code: 'substitution-failed',
        class: 'unreadable',
        message: 'The variables of ConfigMap script are not replaced: missing closing brace.',
        hides: { namespaces: ['tools'] },
      },
    ])
  })

  it('in a form that is not evaluated are unseen, anywhere if the namespace is one of them', async () => {
    const rendering = await build(
      app(POLICY.replace('${port}', '${port%[0-9]}')),
      'app',
      given({ port: '80801' }),
    )
    expect(rendering.problems).toMatchObject([
      { code: 'substitution-not-supported', class: 'unseen', hides: { namespaces: 'all' } },
    ])
  })

  it('with a name that Flux refuses are a problem where they are asked for', async () => {
    const unit = { ...given({ 'a-b': '1', app: 'x', port: '1' }), at: { path: 'flux.yaml', line: 3 } }
    const { problems } = await build(app(POLICY), 'app', unit)
    expect(problems).toMatchObject([
      { path: 'flux.yaml', line: 3, code: 'substitution-failed', hides: { namespaces: ['shop'] } },
    ])
    expect(problems[0]?.message).toContain('a-b')
  })
})
