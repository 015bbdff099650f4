#!/usr/bin/env node
// Not an ES module: Node's loader of those would take 5 ms of every start.
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { dirname, join } = require('node:path')
const { constants, Script } = require('node:vm')

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: kcharm needs Node 20.19 or later, this is ${process.version}\n`)
  process.exit(2)
}

const file = join(__dirname, '../dist/kcharm.cjs')

// `kcharm … | head` ends quietly; the framework alone would go on writing to a pipe that nobody reads.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
// What is over ends at once: freeing the heap first would take 3 ms.
process.once('beforeExit', () => process.exit())
process.env.NODE_ENV ??= 'production'
load().run(__dirname, async (...charm) => (await import('./import-charm.js')).importCharm(...charm))

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
  script.runInThisContext()(loaded.exports, require, loaded, file, dirname(file))
  return loaded.exports
}

function loadPlainly() {
  enableCompileCache?.()
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
