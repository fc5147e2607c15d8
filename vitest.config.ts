import { defineConfig } from 'vitest/config'

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
  },
})
