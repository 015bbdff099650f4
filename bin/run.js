#!/usr/bin/env node
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { constants, Script } from 'node:vm'

const require = createRequire(import.meta.url)
const file = fileURLToPath(new URL('../dist/kcharm.cjs', import.meta.url))

// `kcharm … | head` ends quietly; the framework alone would go on writing to a pipe that nobody reads.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
process.env.NODE_ENV ??= 'production'
await load().run(import.meta.url)

/**
 * Half of a short command's time would be V8 compiling our code. The build keeps the compiled code of its own version of
 * Node; V8 looks whether it fits. Other versions compile, and from 22 on keep it themselves.
 */
function load() {
  const text = readFileSync(file, 'latin1') // the build writes ASCII
  const keeps = process.env.KCHARM_KEEP_CODE === '1'
  const codeFile = `${file}.${/^\/\/ build (\w+)/.exec(text)?.[1]}-${process.version}-${process.arch}.code`
  const code = keeps ? undefined : readCode(codeFile)
  if (!keeps && code === undefined) return loadPlainly()
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
    filename: file,
    cachedData: code,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  if (script.cachedDataRejected) return loadPlainly()
  if (keeps) process.once('exit', () => writeCode(codeFile, script.createCachedData()))
  const loaded = { exports: {}, loaded: true, filename: file, id: file }
  require.cache[file] = loaded // the framework looks commands up in it
  script.runInThisContext()(loaded.exports, require, loaded, file, fileURLToPath(new URL('../dist', import.meta.url)))
  return loaded.exports
}

function loadPlainly() {
  module.enableCompileCache?.()
  return require(file)
}

function readCode(codeFile) {
  try {
    return readFileSync(codeFile)
  } catch {
    return undefined
  }
}

function writeCode(codeFile, code) {
  writeFileSync(`${codeFile}.new`, code)
  renameSync(`${codeFile}.new`, codeFile)
}
