import { expect } from 'vitest'
import { startContainer } from './containerd.ts'
import type { TestLab } from './labs.ts'

/** A line for each tenth of a second. */
const COUNTER = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done >/ticks'

/** Where its root file system lies; a fingerprint leaves it out. */
export const TICKING = /^\/run\/rootfs-counter$/

export interface Ticks {
  pid: string
  ticks: number
  at: number
}

/** A container that counts, and must go on counting whatever befalls the node's daemon. */
export async function startTicking(lab: TestLab, node: string): Promise<void> {
  await startContainer(lab, node, { name: 'counter', script: COUNTER })
}

export async function ticksOn(lab: TestLab, node: string): Promise<Ticks> {
  const said = await lab.sh(
    node,
    'ctr task ls | sed -n "s/^counter *\\([0-9]*\\) .*/\\1/p"; tail -n 1 /run/rootfs-counter/ticks',
  )
  const [pid = '', ticks = '0'] = said.split('\n')
  return { pid, ticks: Number(ticks), at: Date.now() }
}

/** The same process, which has gone on counting: at a tenth of its pace at least, on a machine that has much to do. */
export async function expectNoGap(lab: TestLab, node: string, before: Ticks): Promise<void> {
  const now = await ticksOn(lab, node)
  expect(now.pid).toBe(before.pid)
  expect(now.pid).not.toBe('')
  expect(now.ticks - before.ticks).toBeGreaterThan((now.at - before.at) / 1000)
}
