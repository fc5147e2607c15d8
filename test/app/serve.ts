// The app as a process of its own: as `ambient-guard serve`, but for Octokit's pauses between writes; and it may have less
// patience with a Redis that is silent.
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startServer } from '../../src/app.ts'
import { impatientOctokit } from '../../src/github/api/app.ts'
import { readSettings } from '../../src/ops/settings.ts'

const { PATIENCE, PAUSE } = process.env
const read = readSettings(process.env, (path) => readFileSync(path, 'utf8'))
if (!read.ok) throw new Error(read.mistakes.join('\n'))
const server = await startServer(read.settings, {
  octokit: impatientOctokit,
  ...(PATIENCE === undefined ? {} : { patience: Number(PATIENCE) }),
  ...(PAUSE === undefined ? {} : { pause: Number(PAUSE) }),
})
process.stdout.write(`listens on ${server.url}\n`)
process.once('SIGTERM', () => {
  void server.stop().then((ended) => process.exit(ended ? 0 : 1))
})
// What nobody needs goes at once: what is left then is what lives.
process.on('SIGUSR2', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
})
