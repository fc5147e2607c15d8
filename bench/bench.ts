// Speed and memory, as ratios measured in one run: a machine may be slow, a ratio says what our own work costs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { say } from './measure.ts'
import { moj, part } from './moj.ts'
import { overlays } from './overlays.ts'
import { looks, pulls, store } from './pulls.ts'
import type { Stored, Wanted } from './pulls.ts'
import { deliver, server } from './server.ts'
import { shapes } from './shapes.ts'
import { analyseOnce, synthetic } from './synthetic.ts'

const [name, argument] = process.argv.slice(2)
const archive = join(process.env.AMBIENT_GUARD_CORPORA ?? '', 'moj-environments.tar.xz')
if (name === 'synthetic') analyseOnce(Number(argument))
else if (name === 'overlays') await overlays()
else if (name === 'server') await server(argument === undefined ? undefined : Number(argument))
else if (name === 'deliver') deliver()
else if (name === 'pulls') await pulls(archive)
else if (name === 'looks') await looks(JSON.parse(argument ?? '') as Stored)
else if (name === 'store') store(JSON.parse(argument ?? '') as Wanted)
else if (name !== undefined && argument !== undefined) await part(name, argument)
else {
  await synthetic()
  await shapes()
  await overlays()
  await server()
  if (existsSync(archive)) {
    await moj(archive)
    await pulls(archive)
  } else say('moj: skipped; set AMBIENT_GUARD_CORPORA to the folder that holds moj-environments.tar.xz')
}
