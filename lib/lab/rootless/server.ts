import { once } from 'node:events'
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection } from 'ssh2'
import { KcharmError } from '../../errors/index.ts'
import { runCommand, type CommandOptions } from './command.ts'
import { identity } from './identity.ts'
import { impair, type Faults } from './network.ts'

export interface RootlessOptions {
  name: string
  /** The node's file tree. When kcharm runs as root the tree belongs to `nobody` (65534), as its processes do. */
  root: string
  /** Private key of the host, in OpenSSH or PEM form. */
  hostKey: string
  /** Public key that may log in, under any user name. */
  clientKey: string
  /** Folder of stand-ins for systemctl and the like, first in PATH. */
  binDir?: string
  /** What follows in PATH. Default: PATH of this process. */
  path?: string
  /** The login shell: it gets `-c COMMAND`, as from sshd. Default `sh`. */
  shell?: string
  /** More of the environment. */
  env?: Record<string, string>
  /** On 127.0.0.1. Default: a free one. */
  port?: number
  /** Read at every use, so that a test may change them while the node runs; to be given from the beginning. */
  faults?: Faults
}

/** An SSH server in this process over a directory tree: no machine of its own, no other user, no root. */
export interface RootlessNode {
  readonly kind: 'rootless'
  name: string
  /** On 127.0.0.1. */
  port: number
  knownHostsLine: string
  stats: { connections: number; execs: number }
  /** Cuts every connection; what runs goes on. */
  cut(): void
  /** Ends every connection and every process that the node started, as a power cut does. */
  kill(): void
  /** As `kill`, and nobody can connect any more. */
  close(): Promise<void>
}

/** Error: `lab` when it would have to work as uid 0. */
export async function startRootlessNode(options: RootlessOptions): Promise<RootlessNode> {
  const command: CommandOptions = { ...options, ...(await identity(options.root)), running: new Set() }
  const stats = { connections: 0, execs: 0 }
  const sockets = new Set<Socket>()
  const ssh = new ssh2.Server({ hostKeys: [options.hostKey], ident: 'kcharm-rootless' }, (client) => {
    stats.connections++
    serve(client, options.clientKey, (accept, reject, text) => {
      stats.execs++
      if (options.faults?.refuseExec) return reject()
      const channel = accept()
      if (!options.faults?.hang) runCommand(channel, text, command)
    })
  })
  const tcp = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    if (options.faults) impair(socket, options.faults, (inner) => ssh.injectSocket(inner))
    else ssh.injectSocket(socket)
  })
  const port = await listen(tcp, options)
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const kill = (): void => {
    cut()
    for (const end of command.running) end()
  }
  const close = async (): Promise<void> => {
    tcp.close()
    kill()
    await once(tcp, 'close')
  }
  const knownHostsLine = `[127.0.0.1]:${port} ${publicKey(options.hostKey)}`
  return { kind: 'rootless', name: options.name, port, knownHostsLine, stats, cut, kill, close }
}

type OnExec = (accept: () => ssh2.ServerChannel, reject: () => void, command: string) => void

function serve(client: Connection, clientKey: string, onExec: OnExec): void {
  client.on('error', () => undefined)
  client.on('authentication', (context) => {
    if (mayLogIn(context, clientKey)) context.accept()
    else context.reject(['publickey'])
  })
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, reject, { command }) => onExec(acceptExec, reject, command))
  })
}

/** A client first asks whether the key would do (no signature), then proves that it has it. */
function mayLogIn(context: AuthContext, clientKey: string): boolean {
  if (context.method !== 'publickey') return false
  const key = parse(clientKey)
  if (!key.getPublicSSH().equals(context.key.data)) return false
  if (!context.signature || !context.blob) return true
  return key.verify(context.blob, context.signature, context.hashAlgo) === true
}

function publicKey(hostKey: string): string {
  const key = parse(hostKey)
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}

function parse(text: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error) throw new KcharmError('lab', `a key of a rootless node cannot be read: ${key.message}`)
  return key
}

async function listen(tcp: TcpServer, { name, port = 0 }: RootlessOptions): Promise<number> {
  tcp.listen(port, '127.0.0.1')
  try {
    await once(tcp, 'listening')
  } catch (cause) {
    throw new KcharmError('lab', `${name}: nobody can listen on port ${port} of 127.0.0.1`, { cause })
  }
  const address: AddressInfo | string | null = tcp.address()
  if (address === null || typeof address === 'string') throw new KcharmError('lab', `${name} has no port`)
  return address.port
}
