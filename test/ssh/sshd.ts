import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { Target } from '../../lib/ssh/target.ts'
import { makeKey, workspace, type Key } from './workspace.ts'

export interface Sshd {
  folder: string
  target: Target
  hostKey: Key
  userKey: Key
  /** What this sshd has logged so far. */
  log: string[]
  /** Commands that were started, one for each exec channel. */
  execs(): number
  logins(): number
  stop(): Promise<void>
}

interface SshdOptions {
  hostKeyType?: string
  /** A command that starts sshd, given after it, in other surroundings. */
  around?: string[]
}

/** A real OpenSSH server of this user's own on 127.0.0.1; `config` are more lines of sshd_config. */
export async function startSshd(
  config: string[] = [],
  { hostKeyType = 'ed25519', around = [] }: SshdOptions = {},
): Promise<Sshd> {
  const folder = workspace()
  const hostKey = makeKey(folder, 'host', { type: hostKeyType })
  const userKey = makeKey(folder, 'user')
  const port = await freePort()
  writeFileSync(join(folder, 'sshd_config'), configuration({ folder, port, config }))
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const [program = '', ...words] = [...around, '/usr/sbin/sshd', '-D', '-e', '-f', join(folder, 'sshd_config')]
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  const log: string[] = []
  const lines = createInterface({ input: child.stderr }).on('line', (line) => log.push(line))
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.kill()) await once(child, 'exit')
  }
  onTestFinished(stop)
  while (!log.some((line) => line.includes('Server listening'))) {
    if (child.exitCode !== null) throw new Error(`sshd did not start: ${log.join('\n')}`)
    await once(lines, 'line')
  }
  const count = (start: string) => () => log.filter((line) => line.startsWith(start)).length
  const target = {
    name: 'n1',
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    key: userKey.file,
    knownHosts: join(folder, 'known_hosts'),
  }
  return {
    folder,
    target,
    hostKey,
    userKey,
    log,
    execs: count('Starting session: '),
    logins: count('Accepted publickey'),
    stop,
  }
}

function configuration({ folder, port, config }: { folder: string; port: number; config: string[] }): string {
  return [
    ...config,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'user.pub')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'LogLevel VERBOSE',
    '',
  ].join('\n')
}

/** Free a moment ago; sshd cannot say which port it took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
