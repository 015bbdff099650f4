import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Lab, LabNode } from './types.ts'
import { nameServer } from './addresses.ts'
import { hostKey } from './keys.ts'

/** A file that makes a node itself and no other: laid over the common root file system before its first boot. */
export interface SeedFile {
  /** From the node's root, without a leading slash. */
  path: string
  text: string
  mode: number
  /** Of user and group; default 0. */
  owner?: number
}

/** The number of the user op, the first that Debian gives. */
export const OP = 1000

/** Name, identity and access of one node. */
export async function readSeed(lab: Lab, node: LabNode): Promise<SeedFile[]> {
  const login = await readFile(`${lab.key}.pub`, 'utf8')
  const host = hostKey(lab, node)
  const neighbours = lab.nodes.map((other) => `${other.ownAddress} ${other.name}\n`).join('')
  return [
    { path: 'etc/hostname', text: `${node.name}\n`, mode: 0o644 },
    {
      path: 'etc/hosts',
      text: `127.0.0.1 localhost\n${lab.kind === 'vm' ? `127.0.1.1 ${node.name}\n` : neighbours}`,
      mode: 0o644,
    },
    { path: 'etc/resolv.conf', text: `nameserver ${nameServer(lab.kind)}\n`, mode: 0o644 },
    { path: 'etc/machine-id', text: `${randomBytes(16).toString('hex')}\n`, mode: 0o444 },
    { path: 'etc/ssh/ssh_host_ed25519_key', text: await readFile(host, 'utf8'), mode: 0o600 },
    { path: 'etc/ssh/ssh_host_ed25519_key.pub', text: await readFile(`${host}.pub`, 'utf8'), mode: 0o644 },
    { path: 'root/.ssh/authorized_keys', text: login, mode: 0o600 },
    { path: 'home/op/.ssh/authorized_keys', text: login, mode: 0o600, owner: OP },
  ]
}
