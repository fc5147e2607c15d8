import { defineConfig } from 'vitest/config'

// Three workers also on two cores, where vitest would take one: most stories wait for git and loopback. The time limit
// is there for what hangs; a busy machine is not a failure. The files of a worker share its modules, since importing
// them again for each takes a fifth of the time: whatever a test changes beyond itself it puts back.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: 3,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
