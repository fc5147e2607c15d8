import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

const FIRST = [
  // Minutes each: what begins last ends last. How long files took is not known in a fresh clone.
  /\/test\/app\/(?:chaos|faults)[.-]/,
  // Starting a program costs the more, the larger the process that starts it, and workers grow.
  /\/test\/(?:git|cli|remote|harness|hostile\/(?:paths|trees))[/.]/,
]

/** Some files before the others; among each, the longest first. */
class SomeFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = FIRST.findIndex((pattern) => pattern.test(moduleId))
      return found === -1 ? FIRST.length : found
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

// Three workers also on two cores, where vitest would take one: most stories wait for git and loopback. The time limit
// is there for what hangs; a busy machine is not a failure. The files of a worker share its modules, since importing
// them again for each takes a fifth of the time: whatever a test changes beyond itself it puts back. Tests make much that
// is soon forgotten, which room for young objects (MiB) saves collecting; what TypeScript becomes is kept in node_modules.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: 3,
    isolate: false,
    execArgv: ['--max-semi-space-size=64'],
    experimental: { fsModuleCache: true },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: SomeFirst },
  },
})
