import { rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import type { Lab } from './types.ts'
import { dropEmptyLabs, endCgroup, labsWithCgroup } from './cgroups.ts'
import { driverOf } from './driver.ts'
import { withLock } from './lock.ts'
import { unmountBelow } from './mounts.ts'
import { returnControllers } from './nspawn/controllers.ts'
import { restoreSysctls } from './nspawn/sysctls.ts'
import { labCache } from './paths.ts'
import { labNames, readLab } from './record.ts'

/**
 * Ends a lab, whatever state it is in, and leaves nothing of it. False: there was no such lab. With `purge` the cache goes too,
 * unless another lab needs it (KcharmError('lab')).
 */
export async function labDown(name: string, options: { purge?: boolean } = {}): Promise<boolean> {
  const found = await withLock(`lab ${name}`, async () => {
    const lab = await readLab(name)
    if (lab) await end(lab)
    return lab !== undefined
  })
  if (options.purge) await purge()
  return found
}

async function end(lab: Lab): Promise<void> {
  await Promise.all(lab.nodes.map((node) => driverOf(lab).stop(lab, node)))
  await withLock('machine', async () => {
    await endCgroup(lab.id) // with it the forwarding process
    if ((await labsWithCgroup()).length > 0) return
    await dropEmptyLabs()
    await returnControllers()
    await restoreSysctls()
  })
  await driverOf(lab).clean?.(lab)
  await unmountBelow(lab.dir)
  await rm(join(lab.dir, 'nodes'), { recursive: true, force: true }) // before the record: a broken-off end can be ended
  await rm(lab.dir, { recursive: true })
}

async function purge(): Promise<void> {
  const others = await labNames()
  if (others.length > 0) {
    throw new KcharmError('lab', `the cache stays: these labs live from it: ${others.join(', ')}`, {
      hint: 'End them first.',
    })
  }
  await rm(labCache(), { recursive: true, force: true })
  await rmdir(dirname(labCache())).catch(() => undefined) // others may keep things there
}
