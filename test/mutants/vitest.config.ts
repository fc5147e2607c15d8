import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// For `npm run mutants`: the first failure is all that is asked for, in its first form.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [join(import.meta.dirname, 'no-shrinking.ts')],
    bail: 1,
    maxWorkers: 1,
    pool: 'threads',
    testTimeout: 60_000,
  },
})
