import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** Starting a program costs the more, the larger the process that starts it, and workers grow. */
const STARTING_PROGRAMS = /\/test\/(?:git|cli|remote|harness|hostile\/(?:paths|trees))[/.]/

/** The files that start many programs first; among them, and among the others, the longest first. */
class StartersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const starts = ({ moduleId }: TestSpecification): boolean => STARTING_PROGRAMS.test(moduleId)
    return [...sorted.filter(starts), ...sorted.filter((file) => !starts(file))]
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
    sequence: { sequencer: StartersFirst },
  },
})
