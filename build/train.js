import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'

/**
 * Runs one plan against an SSH server of our own over an empty directory tree, so that the functions which every deploy
 * uses are compiled when bin/run.js keeps V8's code. A plan reads and changes nothing.
 */
export async function train(root) {
  const folder = await mkdtemp(join(tmpdir(), 'kcharm-build-'))
  const server = sshServer(folder)
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address()
    const key = ssh2.utils.generateKeyPairSync('ed25519').private
    await writeFile(join(folder, 'key'), key, { mode: 0o600 })
    await writeFile(join(folder, 'kata-static-3.20.0-amd64.tar.xz'), '')
    const machine = { name: 'node', address: '127.0.0.1', port, user: 'root', key: 'key' }
    await writeFile(
      join(folder, 'inventory.yaml'),
      JSON.stringify({ machines: [machine], 'known-hosts': 'known_hosts' }),
    )
    await plan(root, folder)
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function plan(root, folder) {
  const resource = `kata:kata=${join(folder, 'kata-static-3.20.0-amd64.tar.xz')}`
  const argv = ['plan', join(root, 'bundles/lab.yaml'), '-i', join(folder, 'inventory.yaml'), '--resource', resource]
  const env = { ...process.env, KCHARM_STATE: join(folder, 'state'), KCHARM_KEEP_CODE: '1' }
  const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk))
  await once(child, 'close') // what the plan says of this machine does not matter
  const kept = (await readdir(join(root, 'dist'))).some((name) => name.endsWith('.code'))
  if (!kept) throw new Error(`the build does not start: ${Buffer.concat(said)}`)
}

/** Lets everybody in, on 127.0.0.1, while the build runs; commands see the folder as their root. */
function sshServer(folder) {
  const hostKeys = [ssh2.utils.generateKeyPairSync('ed25519').private]
  return new ssh2.Server({ hostKeys }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (attempt) => attempt.accept())
    client.on('session', (accept) =>
      accept().on('exec', (agree, _refuse, { command }) => run(agree(), command, folder)),
    )
  })
}

function run(channel, command, folder) {
  const env = { PATH: process.env.PATH, KCHARM_ROOT: folder }
  const child = spawn('sh', ['-c', command], { env, cwd: folder })
  channel.pipe(child.stdin)
  child.stdin.on('error', () => undefined)
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  channel.on('close', () => child.stdin.destroy())
  child.on('close', (status) => {
    channel.exit(status ?? 1)
    channel.end()
  })
}
