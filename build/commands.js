import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

export const common = {
  absWorkingDir: root,
  bundle: true,
  // Names stay long: with short ones the compiled code of a plan ran half as fast.
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  target: 'node20',
  // Optional native code, and tools that oclif asks for in development only.
  external: ['cpu-features', '*.node', '@dagrejs/dagre', 'typescript', 'ts-node', 'tsx', '@swc-node/register'],
  plugins: [englishOnly(), withoutHttpAgents(), withoutMakeDir(), lazyFramework()],
  logLevel: 'warning',
}

/**
 * All commands as one script, so that V8 can keep its compiled code in one piece (bin/run.cjs). Each command, and what it
 * imports when it runs, is evaluated only when it is asked for. The first line names the build. `more`: further plugins of esbuild.
 */
export async function bundleCommands(dist, more = []) {
  const { outputFiles } = await build({
    ...common,
    plugins: [...common.plugins, ...more],
    stdin: { contents: await commandTable(), resolveDir: root },
    format: 'cjs',
    // bin/run.cjs runs it as a script of V8, which has no import() of its own.
    supported: { 'dynamic-import': false },
    define: { KCHARM_VERSION: JSON.stringify(version), 'import.meta.url': '$moduleUrl' },
    banner: { js: 'const $moduleUrl = require("node:url").pathToFileURL(__filename).href' },
    write: false,
  })
  const id = createHash('sha256').update(outputFiles[0].contents).digest('hex').slice(0, 16)
  // A text of ASCII alone is read without being decoded.
  const text = outputFiles[0].text.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  await replace(join(dist, 'kcharm.cjs'), `// build ${id}\n${text}`)
  const stale = (await readdir(dist)).filter((name) => name.endsWith('.code') && !name.includes(id))
  await Promise.all(stale.map((name) => rm(join(dist, name), { force: true })))
}

/** File tree = command tree. */
async function commandTable() {
  const folder = 'lib/cli/commands'
  const files = (await readdir(join(root, folder), { recursive: true })).filter((file) => file.endsWith('.ts')).sort()
  const members = files.map((file) => {
    const id = file.replace(/(\/index)?\.ts$/, '').replaceAll('/', ':')
    return `get '${id}'() { return require('./${folder}/${file}').default }`
  })
  return `export const commands = { ${members.join(', ')} }\nexport { run, unknownCommand } from './lib/cli/run.ts'`
}

/** zod carries its messages in fifty languages: 200 KB that every start would compile. */
function englishOnly() {
  const index = /zod\/v4\/locales\/index\.(c?js)$/
  return {
    name: 'english-only',
    setup: ({ onLoad }) => onLoad({ filter: index }, () => ({ contents: `export { default as en } from './en.js'` })),
  }
}

/** ssh2 offers agents for HTTP over SSH: nobody here asks for them, and they load Node's http and https. */
function withoutHttpAgents() {
  return {
    name: 'without-http-agents',
    setup: ({ onLoad }) =>
      onLoad({ filter: /ssh2\/lib\/http-agents\.js$/ }, () => ({ contents: 'module.exports = {}' })),
  }
}

/** node-ssh makes folders here for what it downloads, which nobody asks of it; the package reads Node's version first. */
function withoutMakeDir() {
  return {
    name: 'without-make-dir',
    setup: ({ onLoad }) =>
      onLoad({ filter: /make-dir\/index\.js$/ }, () => ({ contents: 'module.exports = undefined' })),
  }
}

/**
 * Most of the framework is for help and for errors: its modules are evaluated when they are used. Besides, it sorts the names of
 * commands, which are ASCII, by the rules of a language: loading those takes 10 ms.
 */
function lazyFramework() {
  const sort = '.sort((a, b) => a.id.localeCompare(b.id))'
  const needs = /^const (\w+) = ((?:__import\w+\()?require\(["'][^"']+["']\)\)?);$/gm
  return {
    name: 'lazy-framework',
    setup: ({ onLoad }) =>
      onLoad({ filter: /@oclif\/core\/lib\/.*\.js$/ }, async ({ path }) => {
        let text = await readFile(path, 'utf8')
        if (path.endsWith('config/plugin.js') && !text.includes(sort))
          throw new Error(`${path} does not sort as expected`)
        text = text.replace(sort, '.sort((a, b) => (a.id < b.id ? -1 : 1))')
        for (const [statement, name, module] of text.matchAll(needs)) {
          const used = text.replace(statement, '').replaceAll(new RegExp(`\\b${name}(?=[.(])`, 'g'), `(${module})`)
          if (!new RegExp(`\\b${name}\\b`).test(used)) text = used
        }
        return { contents: text }
      }),
  }
}

/** A kcharm that starts meanwhile finds the old file or the new one. */
export async function replace(file, text) {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
