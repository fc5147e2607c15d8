// Whatever a pull request makes its renderers take, the container of deploy/kubernetes is not ended for it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { BOUNDS } from '../../src/manifests/tools/confinement.ts'
import { runsThatFit } from '../../src/manifests/tools/turns.ts'

const FOLDER = join(import.meta.dirname, '../../deploy/kubernetes')
const GIB = 2 ** 30

function numberIn(file: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(readFileSync(join(FOLDER, file), 'utf8')) ?? []
  return Number(digits)
}

it.each([2, 64])(
  'the memory of the deployment holds all that may run at once on %i processors',
  (processors) => {
    const limit = numberIn('deployment.yaml', /limits: \{ memory: (\d+)Gi \}/) * GIB
    const threads = numberIn('settings.env', /^THREADS=(\d+)$/m)
    const ofThreads = threads * numberIn('settings.env', /^THREAD_MEMORY_MB=(\d+)$/m) * 2 ** 20
    const machine = { processors, memoryBytes: 256 * GIB, constrainedBytes: limit }
    const ofRuns = threads * runsThatFit(BOUNDS.memoryBytes, threads, machine) * BOUNDS.memoryBytes
    expect(limit).toBeGreaterThanOrEqual(GIB / 2 + ofThreads + ofRuns)
  },
)
