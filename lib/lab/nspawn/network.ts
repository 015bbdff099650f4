import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Lab, LabNode } from '../types.ts'
import { HUB_ADDRESS } from '../addresses.ts'
import { attempt, run } from '../process.ts'
import { nodeFolder } from '../record.ts'
import { mountsBelow, unmountBelow } from '../mounts.ts'

// Network namespaces are mounts on files of the lab's folder: no name in /run/netns to clash or to be left over, and the
// machine's own network is not touched.

/** The namespace that holds the lab's bridge, made when it is not there. */
export async function ensureHub(lab: Lab): Promise<string> {
  const hub = join(lab.dir, 'hub.net')
  if (await makeNamespace(hub)) {
    await inside(hub, 'link', 'add', 'br0', 'type', 'bridge')
    await inside(hub, 'addr', 'add', `${HUB_ADDRESS}/24`, 'dev', 'br0')
    await inside(hub, 'link', 'set', 'br0', 'up')
  }
  return hub
}

/** Gives a node a new namespace whose eth0 hangs on the bridge. */
export async function connectNode(lab: Lab, node: LabNode): Promise<string> {
  const hub = await ensureHub(lab)
  await disconnectNode(lab, node)
  const own = nodeNamespace(lab, node)
  const port = portOf(lab, node)
  await makeNamespace(own)
  const peer = ['peer', 'name', 'eth0', 'address', hardwareAddress(node), 'netns', own]
  await inside(hub, 'link', 'add', port, 'type', 'veth', ...peer)
  await inside(hub, 'link', 'set', port, 'master', 'br0', 'up')
  await inside(own, 'addr', 'add', `${node.ownAddress}/24`, 'dev', 'eth0')
  await inside(own, 'link', 'set', 'eth0', 'up')
  await inside(own, 'route', 'add', 'default', 'via', HUB_ADDRESS)
  await run(['nsenter', `--net=${own}`, 'sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward']) // else it is the machine's value
  return own
}

/** Takes the node's network away; a namespace lives as long as its processes, so its cable is cut as well. */
export async function disconnectNode(lab: Lab, node: LabNode): Promise<void> {
  await attempt(['nsenter', `--net=${join(lab.dir, 'hub.net')}`, 'ip', 'link', 'del', portOf(lab, node)])
  await unmountBelow(nodeNamespace(lab, node))
}

/** Made of its own address, so that neighbours find a node again that was off. */
function hardwareAddress(node: LabNode): string {
  const bytes = node.ownAddress.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `02:00:${bytes.join(':')}`
}

function portOf(lab: Lab, node: LabNode): string {
  return `v${lab.nodes.findIndex(({ name }) => name === node.name)}`
}

function nodeNamespace(lab: Lab, node: LabNode): string {
  return join(nodeFolder(lab, node), 'net')
}

/** False when it is there already. */
async function makeNamespace(file: string): Promise<boolean> {
  if ((await mountsBelow(file)).length > 0) return false
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, '')
  await run(['unshare', `--net=${file}`, 'ip', 'link', 'set', 'lo', 'up'])
  return true
}

async function inside(namespace: string, ...ip: string[]): Promise<void> {
  await run(['nsenter', `--net=${namespace}`, 'ip', ...ip])
}
