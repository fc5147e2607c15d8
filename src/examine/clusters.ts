// What a tree holds as a configuration reads it, and which clusters those are.
import { CONFIG_PATH } from '../core/config.ts'
import type { ClusterConfig, Config } from '../core/config.ts'
import { compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import type { Tree } from '../git/tree.ts'
import type { Taken } from '../manifests/abandoned.ts'
import { clustersOf, gather } from '../manifests/load.ts'
import type { ClusterNames, Gathered } from '../manifests/load.ts'
import type { Workshop } from '../manifests/workshop.ts'

/** With what trees are read. */
export interface Reading {
  readonly config: Config
  /** URLs under which the repository is known; empty where nobody knows. */
  readonly repositories: readonly string[]
  readonly workshop: Workshop
}

/** `near` is a state that this one may have much in common with. */
export function gatherOf(
  { config, repositories, workshop }: Reading,
  tree: Tree,
  takenElsewhere?: Taken,
  near: Gathered | null = null,
): Promise<Gathered> {
  const { clusters, ignorePaths } = config
  const assumed = [...new Set(clusters.flatMap(({ assume }) => assume.manifests))]
  const known = takenElsewhere === undefined ? {} : { takenElsewhere }
  return gather(tree, { ignorePaths, assumed, clusters, repositories, ...known }, workshop, near)
}

/** Every cluster of any of the states, by name. */
export function everyCluster(
  { clusters }: Config,
  names: ClusterNames,
  states: readonly Gathered[],
): readonly ClusterConfig[] {
  const found = states.flatMap((state) => clustersOf(state, names, clusters)).map(({ config }) => config)
  return [...new Map(found.map((config) => [config.name, config])).values()].sort((a, b) =>
    compareText(a.name, b.name),
  )
}

/** Settings for a cluster that is not there are settings that nobody applies. */
export function unknownClusters(
  { clusters }: Config,
  { alone, idle }: ClusterNames,
  found: readonly string[],
): readonly Problem[] {
  const empty = idle.map(({ name, paths }): Problem => ({
    path: CONFIG_PATH,
    line: 1,
    code: 'no-file-in-paths',
    class: 'unseen',
    message: `The paths of the cluster ${name}, ${(paths ?? []).join(', ')}, hold no file.`,
    remedy: `Correct clusters.${name}.paths: folders, files and glob patterns, from the root of the repository.`,
    hides: { namespaces: 'all', under: ['.'] },
  }))
  if (alone) return empty
  const strangers = clusters
    .filter(({ name, paths }) => paths === null && name !== 'default' && !found.includes(name))
    .map(({ name }): Problem => ({
      path: CONFIG_PATH,
      line: 1,
      code: 'unknown-cluster',
      class: 'unseen',
      message: `The configuration describes the cluster ${name}, and the tree shows only ${found.join(', ')}.`,
      remedy: `Call it as the tree does, or say with clusters.${name}.paths what belongs to it.`,
      hides: { namespaces: 'all' },
    }))
  return [...empty, ...strangers]
}
