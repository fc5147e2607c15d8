// A public repository with kustomizations that use components: what it renders to, and where that comes from.
import { describe, expect, it } from 'vitest'
import { directoryTree } from '../../../src/git/tree.ts'
import { sourceTree } from '../../../src/manifests/source-tree.ts'
import { corpus } from '../../corpora/corpora.ts'
import { kitchenOf, tool } from '../tree.ts'
import { at, build, saidBy } from './build.ts'

const root = corpus('online-boutique')
const there = root !== null && (await tool('kustomize')) !== null
const tests = ['memorystore', 'service-mesh-istio', 'spanner']

describe.skipIf(!there)('online-boutique', () => {
  it.each(tests)('kustomize/tests/%s-with-all-components', async (name) => {
    const tree = directoryTree(String(root))
    const kitchen = kitchenOf({}, { tree: sourceTree(tree, await tree.files()) })
    const { manifests, problems } = await build(
      {},
      `kustomize/tests/${name}-with-all-components`,
      {},
      kitchen,
    )
    expect(problems).toEqual([])
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy')
    expect(policies.length).toBeGreaterThan(10)
    for (const policy of policies) {
      const { file, making, editable } = policy.origin
      const name = String(at(policy.object, ['metadata', 'name']))
      expect(file.path).toMatch(/^kustomize\/components\/network-policies\/network-policy-/)
      expect(file.text).toMatch(new RegExp(`^  name: ${name}$`, 'm'))
      expect([editable, making?.sourceName]).toEqual([true, name])
      // Nothing changes them on the way: each route leads into the file.
      expect(saidBy(policy, ['spec', 'podSelector'])).toMatch(/network-policies\/.*:\d+$/)
    }
    // What the component brings is put through further kustomizations, and every object keeps a line.
    for (const { origin } of manifests) expect(origin.file.path).toMatch(/^kustomize\/(base|components)\//)
  })
})
