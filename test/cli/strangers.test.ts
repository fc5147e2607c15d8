// `--enroll` with a namespace that nothing belongs to: what is known instead, and what was not read, since it may be there.
import { expect, it } from 'vitest'
import { ambientGuard, folder } from './command.ts'
import { deployment } from './manifests.ts'

/** A kustomization of paths, on line 3. */
const naming = (...paths: readonly string[]): string =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [${paths.join(', ')}]\n`

it('an overlay without its base says what it leads to, and not that nothing is known', async () => {
  const overlay = folder({ 'kustomization.yaml': naming('../base') })
  const { code, stdout, stderr } = await ambientGuard('check', overlay, '--enroll', 'shop')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe(
    'ambient-guard: --enroll shop: nothing in the tree belongs to that namespace. Not everything was read:\n' +
      '- kustomization.yaml:3 The kustomization in the root of the tree names ../base, which leads out of the tree that is read. ' +
      'Name a path inside of it, relative to the kustomization, or have the folder read that holds both.\n',
  )
})

it('the first five of many problems are named, beside the namespaces that are known', async () => {
  const paths = ['1', '2', '3', '4', '5', '6'].map((name) => `../../${name}`)
  const tree = folder({ 'web.yaml': deployment('web', 'shop', 80), 'k/kustomization.yaml': naming(...paths) })
  const { code, stderr } = await ambientGuard('check', tree, '--enroll', 'shpo')
  expect(code).toBe(2)
  const [first, ...problems] = stderr.trimEnd().split('\n')
  expect(first).toBe(
    'ambient-guard: --enroll shpo: nothing in the tree belongs to that namespace. It knows shop. Not everything was read:',
  )
  expect(problems.slice(0, 5).map((line) => /names \.\.\/\.\.\/(\d),/.exec(line)?.[1])).toEqual([
    ...['1', '2', '3', '4', '5'],
  ])
  expect(problems.slice(5)).toEqual(['- and 1 more'])
})
