// What tests load trees with: nothing outlives the test, and nothing is ever fetched. The programs are shared, since
// asking them for their versions takes longer than most tests.
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import type { Tree } from '../src/git/tree.ts'
import { clusterNames, clustersOf, gather } from '../src/manifests/load.ts'
import type { LoadedCluster } from '../src/manifests/load.ts'
import { memoryCache } from '../src/manifests/render-cache.ts'
import { createToolbox } from '../src/manifests/tools/create-toolbox.ts'
import { endlessMemory } from '../src/manifests/workshop.ts'
import type { Workshop } from '../src/manifests/workshop.ts'
import { NO_REMOTE } from '../src/remote/remote.ts'

const tools = createToolbox()
/** By content: what two tests render alike is rendered once. */
const rendered = memoryCache()

export function testWorkshop(): Workshop {
  return {
    parsed: endlessMemory(),
    renderings: endlessMemory(),
    rendered,
    tools,
    remote: NO_REMOTE,
  }
}

/** What a tree that is one cluster, without configuration, comes to. */
export async function loadAlone(
  tree: Tree,
  { ignorePaths = [] }: { readonly ignorePaths?: readonly string[] } = {},
  workshop: Workshop = testWorkshop(),
): Promise<LoadedCluster> {
  const { clusters } = DEFAULT_CONFIG
  const gathered = await gather(tree, { ignorePaths, assumed: [], clusters, repositories: [] }, workshop)
  const [cluster, ...others] = clustersOf(gathered, clusterNames([gathered]), clusters)
  if (cluster === undefined || others.length > 0) throw new Error('the tree is not of one cluster')
  return cluster
}
