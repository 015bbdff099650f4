import { defineConfig } from 'vitest/config'

/** Files that start VMs or builds, or look at what this machine has one of: each runs alone. */
const ALONE = ['lab', 'lab-vm', 'preflight', 'start'].map((name) => `test/e2e/${name}.test.ts`)

const nodes = { globalSetup: ['test/e2e/setup.ts'], testTimeout: 300_000, hookTimeout: 600_000 }

/** They need a kernel of their own, and time: an emulated machine. */
const VM = ['test/e2e/power.test.ts']

/** As a charm of one's own finds them. */
const alias = {
  'kcharm/testing': new URL('lib/testing/index.ts', import.meta.url).pathname,
  kcharm: new URL('lib/index.ts', import.meta.url).pathname,
}

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 180_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...nodes,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...ALONE, ...VM],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...nodes, name: 'vm', include: VM, fileParallelism: false, testTimeout: 900_000 } },
      { test: { ...nodes, name: 'e2e-alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } } },
    ],
  },
})
