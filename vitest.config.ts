import { defineConfig } from 'vitest/config'

/** Files that start VMs or builds, or look at what this machine has one of: each runs alone. */
const ALONE = ['lab', 'lab-vm', 'preflight', 'start'].map((name) => `test/e2e/${name}.test.ts`)

const nodes = { globalSetup: ['test/e2e/setup.ts'], testTimeout: 300_000, hookTimeout: 600_000 }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...nodes,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...nodes, name: 'e2e-alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } } },
    ],
  },
})
