import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleCommands } from '../../../build/commands.js'

// kcharm as it is built, with the charm of the ten steps in place of its own.
const root = join(import.meta.dirname, '../../..')
const to = join(root, 'dist/bench/kcharm')
for (const folder of ['bin', 'dist']) await mkdir(join(to, folder), { recursive: true })
for (const file of ['package.json', 'oclif.manifest.json', 'bin/run.cjs'])
  await copyFile(join(root, file), join(to, file))
await bundleCommands(join(to, 'dist'), [
  {
    name: 'ten-steps',
    setup: ({ onResolve }) =>
      onResolve({ filter: /charms\/index\.ts$/ }, () => ({ path: join(import.meta.dirname, 'charms.ts') })),
  },
])
