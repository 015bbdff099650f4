import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** ssh2 and other CommonJS packages expect these names; modules have none of them. */
const banner = `import { createRequire as $createRequire } from 'node:module'
import { fileURLToPath as $fileURLToPath } from 'node:url'
const require = $createRequire(import.meta.url)
const __filename = $fileURLToPath(import.meta.url)
const __dirname = $fileURLToPath(new URL('.', import.meta.url))`

const root = import.meta.dirname
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

await rm(join(root, 'dist'), { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: ['lib/index.ts', 'lib/cli/run.ts', ...(await commandFiles())],
  outdir: 'dist',
  outbase: 'lib',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  banner: { js: banner },
  define: { KCHARM_VERSION: JSON.stringify(version) },
  // Optional native code, and tools that oclif asks for in development only.
  external: ['cpu-features', '*.node', 'typescript', 'ts-node', 'tsx', '@swc-node/register'],
  plugins: [englishOnly()],
  logLevel: 'warning',
})
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

/** The flags and texts of all commands in one file, so that no other command is loaded to run one. */
async function writeManifest() {
  const file = join(root, 'oclif.manifest.json')
  await rm(file, { force: true })
  const { Config } = await import('@oclif/core')
  const config = await Config.load(root)
  const { manifest } = config.plugins.get(config.pjson.name)
  await writeFile(file, `${JSON.stringify(manifest, undefined, 1)}\n`)
}
