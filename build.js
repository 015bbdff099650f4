import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Plugin } from '@oclif/core'
import { build } from 'esbuild'

/** ssh2 and other CommonJS packages expect these names; modules have none of them. */
const banner = `import { createRequire as $createRequire } from 'node:module'
import { fileURLToPath as $fileURLToPath } from 'node:url'
const require = $createRequire(import.meta.url)
const __filename = $fileURLToPath(import.meta.url)
const __dirname = $fileURLToPath(new URL('.', import.meta.url))`

const root = import.meta.dirname
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['lib/index.ts', 'lib/cli/run.ts', ...(await commandFiles())],
  outdir: 'dist',
  outbase: 'lib',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  banner: { js: banner },
  define: { KCHARM_VERSION: JSON.stringify(version) },
  // Optional native code, and tools that oclif asks for in development only.
  external: ['cpu-features', '*.node', 'typescript', 'ts-node', 'tsx', '@swc-node/register'],
  plugins: [englishOnly()],
  metafile: true,
  logLevel: 'warning',
})
await removeOthers(new Set(Object.keys(metafile.outputs)))
await writeManifest()

/** zod carries its messages in fifty languages: 200 KB that every start would compile. */
function englishOnly() {
  const index = /zod\/v4\/locales\/index\.(c?js)$/
  return {
    name: 'english-only',
    setup: ({ onLoad }) => onLoad({ filter: index }, () => ({ contents: `export { default as en } from './en.js'` })),
  }
}

/** File tree = command tree: each command is an entry of its own, so that it loads only what it needs. */
async function commandFiles() {
  const files = await readdir(join(root, 'lib/cli/commands'), { recursive: true })
  return files.filter((file) => file.endsWith('.ts')).map((file) => join('lib/cli/commands', file))
}

/** What an earlier build left. Last, so that a kcharm which is running meanwhile finds its chunks. */
async function removeOthers(outputs) {
  const entries = await readdir(join(root, 'dist'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  await Promise.all(files.filter((file) => !outputs.has(relative(root, file))).map((file) => rm(file)))
}

/** The flags and texts of all commands in one file, so that no other command is loaded to run one. */
async function writeManifest() {
  const plugin = new Plugin({ root, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  const file = join(root, 'oclif.manifest.json')
  await writeFile(`${file}.new`, `${JSON.stringify(plugin.manifest, undefined, 1)}\n`)
  await rename(`${file}.new`, file)
}
