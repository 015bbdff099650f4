import { isAnswering } from './access.ts'
import { driverOf } from './driver.ts'
import { labNames, requireLab } from './record.ts'
import type { Lab, LabNode } from './types.ts'

export interface LabStatus {
  lab: Lab
  nodes: readonly NodeStatus[]
}

export interface NodeStatus {
  node: LabNode
  /** `silent`: it runs, but no SSH server speaks at its port (it boots, or `lab up` has to mend the forwarding). */
  state: 'up' | 'silent' | 'off'
}

/** What labs there are, or the one of that name (KcharmError('not-found')), also those that a killed command left half made. */
export async function labStatus(name?: string): Promise<LabStatus[]> {
  const names = name === undefined ? await labNames() : [name]
  return Promise.all(names.map(async (each) => statusOf(await requireLab(each))))
}

async function statusOf(lab: Lab): Promise<LabStatus> {
  return { lab, nodes: await Promise.all(lab.nodes.map(async (node) => ({ node, state: await stateOf(lab, node) }))) }
}

async function stateOf(lab: Lab, node: LabNode): Promise<NodeStatus['state']> {
  if (!(await driverOf(lab).isRunning(lab, node))) return 'off'
  return (await isAnswering(node)) ? 'up' : 'silent'
}
