// Flux: a Kustomization or a HelmRelease says what is to be rendered, and other renderers do that.
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { compareText } from '../../../core/source/problem.ts'
import type { FluxUnit, Renderer } from '../../unit.ts'
import { chartFolders } from './chart.ts'
import { isFound } from './git-source.ts'
import { renderHelmRelease } from './helm-release.ts'
import { folderWanted, renderKustomization } from './kustomization.ts'
import { askOf, rendering } from './object.ts'
import type { Ask, Shelf } from './object.ts'
import { everySourceOf } from './sources.ts'

/** Units and problems of one object; never manifests. An object of another kind asks for nothing. */
export const renderFlux: Renderer<FluxUnit> = async ({ manifest, namespace, host }, kitchen) => {
  const ask = askOf(manifest, namespace)
  if (isKustomization(manifest)) return renderKustomization(ask, kitchen)
  if (isHelmRelease(manifest)) return renderHelmRelease(ask, kitchen, host)
  return rendering(ask, [], [], [])
}

/**
 * The paths of this tree that an object claims, sorted, before anything is rendered. `shelf` looks up objects as they
 * are written; what it does not know is taken to be nowhere. Where objects of several clusters have one name, what any
 * of them says counts.
 */
export function fluxPaths(manifest: Manifest, shelf: Omit<Shelf, 'settled'>): readonly string[] {
  const look = { ...shelf, settled: true }
  const ask = askOf(manifest, null)
  const paths = isKustomization(manifest)
    ? foldersOf(look, ask)
    : isHelmRelease(manifest)
      ? chartFolders(look, ask)
      : []
  return [...new Set(paths)].filter((path) => shelf.tree.kindOf(path) === 'folder').sort(compareText)
}

function foldersOf(shelf: Shelf, ask: Ask): readonly string[] {
  const wanted = folderWanted(ask)
  if ('code' in wanted) return []
  return everySourceOf(shelf, ask, wanted).flatMap((source) => (isFound(source) ? [source.path] : []))
}

/** kustomize has a kind of that name, too, which asks Flux for nothing. */
function isKustomization({ apiVersion, kind }: Manifest): boolean {
  return kind === 'Kustomization' && apiVersion.startsWith('kustomize.toolkit.fluxcd.io/')
}

function isHelmRelease({ apiVersion, kind }: Manifest): boolean {
  return kind === 'HelmRelease' && apiVersion.startsWith('helm.toolkit.fluxcd.io/')
}
