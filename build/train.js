import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Deploys the lab's bundle on a node without root, twice: the second time, which has nothing to do, bin/run.cjs keeps V8's
 * code, so that the functions which every deploy uses are compiled. Nothing outside a temporary folder is read or written.
 */
export async function train(root) {
  const folder = await mkdtemp(join(tmpdir(), 'kcharm-build-'))
  const kcharm = (argv, more = {}) =>
    run([join(root, 'bin/run.cjs'), ...argv], { cwd: root, env: { ...homeIn(folder), ...more } })
  try {
    const { next } = JSON.parse(await kcharm(['lab', 'up', 'build', '--rootless', '-n', '1', '--json']))
    const deploy = [...next.split(' ').slice(1), '--yes']
    await kcharm(deploy)
    await kcharm(deploy, { KCHARM_KEEP_CODE: '1' })
  } finally {
    await kcharm(['lab', 'down', 'build']).catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  }
  const kept = (await readdir(join(root, 'dist'))).some((name) => name.endsWith('.code'))
  if (!kept) throw new Error('the build does not keep its compiled code')
}

function homeIn(folder) {
  return { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), XDG_CACHE_HOME: join(folder, 'cache') }
}

/** Its standard output. Throws, with all that it said, when it fails. */
async function run(argv, { cwd, env }) {
  const child = spawn(process.execPath, argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = [[], []]
  child.stdout.on('data', (chunk) => out.push(chunk))
  child.stderr.on('data', (chunk) => err.push(chunk))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`the build does not work: ${argv.join(' ')}: ${Buffer.concat([...out, ...err])}`)
  return Buffer.concat(out).toString()
}
