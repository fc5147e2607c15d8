// Argo CD: an ApplicationSet becomes Applications, and an Application what its sources are: plain files, kustomizations
// and releases of charts. Nothing of it is rendered here.
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { placeOf } from '../../../core/kubernetes/origin.ts'
import { compareText } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import type { ArgoUnit, Kitchen, Renderer, Rendering } from '../../unit.ts'
import { generateApplications } from './application-set.ts'
import type { Generated } from './application-set.ts'
import { clusterOf, inCluster, inputsOf, readSources, renderApplication } from './application.ts'
import { appOf, titleOf } from './object.ts'

export const renderArgo: Renderer<ArgoUnit> = (unit, kitchen) =>
  unit.manifest.kind === 'ApplicationSet' ? renderSet(unit, kitchen) : renderApplication(unit, kitchen)

type Shelf = Pick<Kitchen, 'tree' | 'isThisTree'>

/**
 * The folders of this tree that an Application, or the Applications of an ApplicationSet, are made of, sorted; those of
 * ApplicationSets that read files of the tree only where `argoClaims` is asked.
 */
export function argoPaths(manifest: Manifest, shelf: Shelf): readonly string[] {
  return manifest.kind === 'ApplicationSet'
    ? foldersOf(generateApplications(manifest, null, shelf, new Map()).applications, shelf)
    : foldersOf([manifest], shelf)
}

/** The same, with files that generators read. */
export async function argoClaims(manifest: Manifest, shelf: Shelf): Promise<readonly string[]> {
  if (manifest.kind !== 'ApplicationSet') return argoPaths(manifest, shelf)
  return foldersOf((await generated(manifest, null, shelf)).applications, shelf)
}

function foldersOf(applications: readonly Manifest[], { tree, isThisTree }: Shelf): readonly string[] {
  const folders = applications.flatMap((application) =>
    readSources(appOf(application, null)).flatMap(({ url, path, chart }) => {
      if (url === null || path === null || chart !== null || tree.kindOf(path) !== 'folder') return []
      return isThisTree(url, path) ? [joinPath(path)] : []
    }),
  )
  return [...new Set(folders)].sort(compareText)
}

/** Files that generators ask for are read, and then it is looked at again: what is in them may ask for others. */
async function generated(manifest: Manifest, home: string | null, shelf: Shelf): Promise<Generated> {
  const texts = new Map<string, string | null>()
  for (;;) {
    const result = generateApplications(manifest, home, shelf, texts)
    if (result.wanted.size === 0) return result
    for (const path of result.wanted) texts.set(path, (await shelf.tree.text(path))?.text ?? null)
  }
}

async function renderSet(unit: ArgoUnit, kitchen: Kitchen): Promise<Rendering> {
  const { manifest } = unit
  const { applications, problems, inputs } = await generated(manifest, unit.namespace, kitchen)
  // All of them stand in the one template.
  const [first] = applications
  const at = first === undefined ? unit.at : placeOf(first.origin, [])
  const units = applications.map((application): ArgoUnit => {
    const asked: ArgoUnit = {
      ...unit,
      manifest: application,
      title: titleOf(application, unit.namespace),
      cluster: null,
      at,
    }
    const cluster = clusterOf(application)
    return cluster === null ? asked : inCluster(asked, cluster)
  })
  return {
    manifests: [],
    units,
    problems,
    inputs: [...new Set([...inputs, ...inputsOf(manifest)])].sort(compareText),
  }
}
