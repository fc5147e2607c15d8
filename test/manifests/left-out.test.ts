// Files that nobody applies are named, so that nobody takes the silence about them for an answer.
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'
import { deployment, namespace } from '../cli/manifests.ts'

const files = (names: readonly string[]) => ({
  'app/kustomization.yaml': 'resources: [ns.yaml]\n',
  'app/ns.yaml': namespace('shop', true),
  'app/values.yaml': 'a: b\n',
  ...Object.fromEntries(names.map((name) => [`app/${name}.yaml`, deployment(name, 'shop', 80)])),
})

async function said(names: readonly string[]): Promise<string | undefined> {
  const root = folder(files(names))
  const { stdout } = await ambientGuard('check', '--base', root, root)
  return stdout.split('\n').find((line) => line.startsWith('Left out'))
}

describe('files beside a kustomization that does not name them', () => {
  it('are named in the report, some of many, and what holds no objects is not', async () => {
    expect(await said([])).toBeUndefined()
    expect(await said(['one'])).toBe(
      'Left out by the kustomization of the folder, and not judged, is app/one.yaml.',
    )
    expect(await said(['a', 'b', 'c', 'd', 'e'])).toBe(
      'Left out by the kustomization of the folder, and not judged, are app/a.yaml, app/b.yaml and 3 more.',
    )
  })
})
