import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { common, replace } from './commands.js'

/** What charms of one's own import: by name, the part of the library that it is. */
const DOORS = { 'index.js': 'library', 'testing.js': 'testing', 'zod.js': 'zod' }

/**
 * The library as one script, and a module for each of its doors. Where a kcharm is running the doors lead into that one, so that a
 * charm, the engine and the schemas of both are made of the same parts.
 */
export async function buildLibrary(dist) {
  const parts = ['./lib/index.ts', './lib/testing/index.ts', 'zod']
  const contents = Object.values(DOORS).map((name, at) => `export * as ${name} from '${parts[at]}'`)
  const stdin = { contents: contents.join('\n'), resolveDir: common.absWorkingDir }
  await build({ ...common, stdin, format: 'cjs', outfile: join(dist, 'library.cjs') })
  const library = createRequire(import.meta.url)(join(dist, 'library.cjs'))
  for (const [file, part] of Object.entries(DOORS)) {
    await replace(join(dist, file), door(part, Object.keys(library[part])))
  }
}

function door(part, names) {
  const members = names.filter((name) => name !== 'default' && name !== '__esModule')
  return [
    `import { createRequire } from 'node:module'`,
    `const part = globalThis[Symbol.for('kcharm')]?.${part} ?? createRequire(import.meta.url)('./library.cjs').${part}`,
    ...members.map((name, at) => `const _${at} = part[${JSON.stringify(name)}]`),
    `export { ${members.map((name, at) => `_${at} as ${name}`).join(', ')} }`,
    names.includes('default') ? 'export default part.default' : '',
  ].join('\n')
}
