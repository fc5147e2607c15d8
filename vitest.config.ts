import { defineConfig } from 'vitest/config'

// Two workers also on two cores, where vitest would take one: most stories wait for git and loopback.
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], maxWorkers: 2 },
})
