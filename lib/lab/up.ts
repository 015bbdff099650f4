import type { Lab, Say } from './types.ts'
import { KcharmError } from '../errors/index.ts'
import { awaitBoot } from './boot.ts'
import { driverOf } from './driver.ts'
import { ensureKeys, writeClientFiles } from './keys.ts'
import { withLock } from './lock.ts'
import { newLab, readLab, writeLab } from './record.ts'
import { ensureTools } from './tools.ts'
import { planLab, type LabWish, type PlannedLab } from './wish.ts'

/**
 * Makes a lab, or completes one that is there: nodes that are off are switched on, a lost forwarding process is started again.
 * Ends when every node has booted. A lab of that name with other nodes is a KcharmError('lab').
 */
export async function labUp(wish: LabWish & { say: Say }): Promise<Lab> {
  const planned = planLab(wish)
  return withLock(`lab ${planned.name}`, async () => {
    const known = await readLab(planned.name)
    if (known) refuseOther(known, planned)
    await withLock('tools', () => ensureTools(planned.kind, wish.say)) // apt-get update waits for nobody
    return switchOn(known ?? (await newLab(planned)), wish.say)
  })
}

async function switchOn(recorded: Lab, say: Say): Promise<Lab> {
  const driver = driverOf(recorded)
  await driver.prepare(recorded, say)
  await ensureKeys(recorded)
  const lab = await driver.open(recorded)
  await writeLab(lab)
  await writeClientFiles(lab)
  for (const node of lab.nodes) {
    if (!(await driver.isRunning(lab, node))) await driver.start(lab, node)
  }
  await Promise.all(lab.nodes.map((node) => awaitBoot(lab, node)))
  return lab
}

function refuseOther(known: Lab, planned: PlannedLab): void {
  if (shape(known) === shape(planned)) return
  throw new KcharmError('lab', `there is a lab named ${known.name} already, with other nodes`, {
    hint: `End it first (kcharm lab down ${known.name}) or give the new one another name.`,
  })
}

function shape({ kind, cpu, nodes }: PlannedLab): string {
  return JSON.stringify({
    kind,
    cpu,
    nodes: nodes.map(({ name, base, containerd, tags, user }) => ({ name, base, containerd, tags, user })),
  })
}
