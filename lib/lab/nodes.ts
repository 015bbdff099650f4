import { KcharmError } from '../errors/index.ts'
import { execOn, type ExecOptions } from './access.ts'
import { awaitBoot } from './boot.ts'
import { driverOf } from './driver.ts'
import { withLock } from './lock.ts'
import { leaderOf } from './nspawn/driver.ts'
import { attempt, run, type Outcome } from './process.ts'
import { requireLab } from './record.ts'
import type { Lab, LabNode } from './types.ts'

/** Which node of which lab. */
export interface NodeName {
  lab: string
  node: string
}

/** Runs a command on a node through ssh, as root or op. Exit 255: ssh itself failed. */
export async function nodeExec(name: NodeName, argv: readonly string[], options: ExecOptions = {}): Promise<Outcome> {
  const { lab, node } = await find(name)
  return execOn(lab, node, { argv, ...options })
}

/** A power cut: nothing in the node gets to say goodbye. Its disk and its address stay. */
export async function nodePowerOff(name: NodeName): Promise<void> {
  await withLock(`lab ${name.lab}`, async () => {
    const { lab, node } = await find(name)
    await driverOf(lab).stop(lab, node)
  })
}

/** Switches a node on and waits until it has booted; gives systemd's word for its state (`running`, `degraded`). */
export async function nodePowerOn(name: NodeName): Promise<string> {
  return withLock(`lab ${name.lab}`, async () => {
    const { lab, node } = await find(name)
    if (!(await driverOf(lab).isRunning(lab, node))) await driverOf(lab).start(lab, node)
    return awaitBoot(lab, node)
  })
}

/**
 * Where this machine sees a running nspawn node's whole file system (its /tmp, /run and /var too), until it is switched off.
 * Reading there leaves no trace in the node. A node of kind vm has none: KcharmError('lab').
 */
export async function nodeRoot(name: NodeName): Promise<string> {
  const { lab, node } = await find(name)
  const leader = lab.kind === 'nspawn' ? await leaderOf(lab, node) : undefined
  if (leader !== undefined) return `/proc/${leader}/root`
  throw new KcharmError(
    'lab',
    `node ${name.node} of lab ${name.lab} has no file system that this machine sees: it is off, or a vm`,
  )
}

/** What a node's own sshd has seen since it booted: logins, and sessions (exec channels, shells, subsystems) on them. */
export async function nodeSessions(name: NodeName): Promise<{ connections: number; channels: number }> {
  const root = await nodeRoot(name)
  await attempt(['chroot', root, 'journalctl', '--sync'])
  const identifiers = ['sshd', 'sshd-session'].map((tag) => `--identifier=${tag}`) // the second since OpenSSH 9.8
  const log = await run(['chroot', root, 'journalctl', '--boot', '--output=cat', ...identifiers])
  const count = (pattern: RegExp): number => log.match(pattern)?.length ?? 0
  return { connections: count(/^Accepted \S+ for /gm), channels: count(/^Starting session: /gm) }
}

async function find(name: NodeName): Promise<{ lab: Lab; node: LabNode }> {
  const lab = await requireLab(name.lab)
  const node = lab.nodes.find((each) => each.name === name.node)
  if (node) return { lab, node }
  throw new KcharmError('not-found', `lab ${lab.name} has no node ${name.node}`, {
    hint: `It has: ${lab.nodes.map((each) => each.name).join(', ')}`,
  })
}
