import { stringify } from 'yaml'
import type { Lab } from './types.ts'

/** The lab's machines as an inventory file of kcharm. */
export function renderInventory(lab: Lab): string {
  const machines = lab.nodes.map((node) => ({
    name: node.name,
    address: node.address,
    'own-address': node.ownAddress,
    port: node.port,
    user: node.user,
    key: lab.key,
    tags: [...node.tags],
  }))
  return `# Throwaway nodes of the lab '${lab.name}'; kcharm lab down ${lab.name} ends them.\n${stringify({ machines, 'known-hosts': lab.knownHosts, 'ssh-config': 'none' })}`
}

/** OpenSSH's known_hosts for the forwarded ports. `publicKeys`: one line `ssh-ed25519 …` per node, in the nodes' order. */
export function renderKnownHosts(lab: Lab, publicKeys: readonly string[]): string {
  return lab.nodes.map((node, i) => `[${node.address}]:${node.port} ${keyOnly(publicKeys[i] ?? '')}\n`).join('')
}

function keyOnly(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ')
}
