// Speed and memory, as ratios measured in one run: a machine may be slow, a ratio says what our own work costs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { analyze } from '../src/core/index.ts'
import { DEFAULT_CONFIG } from '../src/core/config.ts'
import type { ClusterConfig } from '../src/core/config.ts'
import { fastest, say } from './measure.ts'
import { moj, part } from './moj.ts'
import { shapes } from './shapes.ts'
import { manifests } from './synthetic.ts'

const cluster = DEFAULT_CONFIG.clusters[0] as ClusterConfig

async function synthetic(): Promise<void> {
  const [small, large] = [manifests(200), manifests(400)]
  const [one = NaN, two = NaN] = await fastest(3, [
    () => analyze(cluster, {}, small),
    () => analyze(cluster, {}, large),
  ])
  say(`synthetic, 200 namespaces (2,000 workloads, 1,000 policies): ${one.toFixed(0)} ms`)
  say(`synthetic, twice as much: ${two.toFixed(0)} ms, ${(two / one).toFixed(2)} times`)
}

const [name, folder] = process.argv.slice(2)
if (name !== undefined && folder !== undefined) await part(name, folder)
else {
  await synthetic()
  await shapes()
  const archive = join(process.env.AMBIENT_GUARD_CORPORA ?? '', 'moj-environments.tar.xz')
  if (existsSync(archive)) await moj(archive)
  else say('moj: skipped; set AMBIENT_GUARD_CORPORA to the folder that holds moj-environments.tar.xz')
}
