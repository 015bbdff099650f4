import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab, LabNode } from './types.ts'
import { renderInventory, renderKnownHosts } from './inventory.ts'
import { run } from './process.ts'
import { nodeFolder } from './record.ts'

/** Makes the lab's key and a host key per node, where there is none yet. */
export async function ensureKeys(lab: Lab): Promise<void> {
  await ensureKey(lab.key, `kcharm lab ${lab.name}`)
  for (const node of lab.nodes) {
    await mkdir(nodeFolder(lab, node), { recursive: true })
    await ensureKey(hostKey(lab, node), node.name)
  }
}

/** Writes what a client needs: the inventory and known_hosts. */
export async function writeClientFiles(lab: Lab): Promise<void> {
  const publicKeys = await Promise.all(lab.nodes.map((node) => readFile(`${hostKey(lab, node)}.pub`, 'utf8')))
  await writeFile(lab.knownHosts, renderKnownHosts(lab, publicKeys))
  await writeFile(lab.inventory, renderInventory(lab))
}

export function hostKey(lab: Lab, node: Pick<LabNode, 'name'>): string {
  return join(nodeFolder(lab, node), 'ssh_host_ed25519_key')
}

async function ensureKey(path: string, comment: string): Promise<void> {
  if (await readFile(`${path}.pub`).catch(() => undefined)) return
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path], { input: 'y\n' }) // y: over a half-made one
}
