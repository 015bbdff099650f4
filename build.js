import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Plugin } from '@oclif/core'
import { build } from 'esbuild'
import { bundleCommands, common, replace } from './build/commands.js'
import { buildLibrary } from './build/library.js'
import { train } from './build/train.js'

const root = import.meta.dirname
const dist = join(root, 'dist')

await mkdir(dist, { recursive: true })
await buildLibrary(dist)
await build({ ...common, entryPoints: ['lib/lab/rootless/host.ts'], outfile: 'dist/rootless-host.cjs', format: 'cjs' })
await bundleCommands(dist)
await writeManifest()
await train(root)

/** The flags and texts of all commands in one file, so that no other command is evaluated to run one. */
async function writeManifest() {
  const plugin = new Plugin({ root, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  await replace(join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest, undefined, 1)}\n`)
}
