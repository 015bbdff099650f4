import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { KcharmError } from '../errors/index.ts'
import type { Lab, LabNode } from './types.ts'
import { execOn, isAnswering } from './access.ts'
import { driverOf } from './driver.ts'
import { consoleOf } from './record.ts'

const PATIENCE = { nspawn: 120, vm: 600, rootless: 20 } // seconds; an emulated machine takes 13 to 60 on two busy cores

/** Waits until a node has booted: sshd lets us in and systemd has nothing left to start. Gives systemd's word for it. */
export async function awaitBoot(lab: Lab, node: LabNode): Promise<string> {
  await awaitGreeting(lab, node)
  const { code, stdout, stderr } = await execOn(lab, node, { argv: ['systemctl', 'is-system-running', '--wait'] })
  if (code !== 255 && stdout !== '') return stdout.trim()
  throw new KcharmError('lab', `node ${node.name} of lab ${lab.name} refuses a login: ${stderr.trim()}`)
}

async function awaitGreeting(lab: Lab, node: LabNode): Promise<void> {
  const start = Date.now()
  let looked = start // not at once: it takes a moment to begin
  while (!(await isAnswering(node))) {
    if (Date.now() - start > PATIENCE[lab.kind] * 1000)
      throw await failure(lab, node, `does not answer on port ${node.port}`)
    if (Date.now() - looked > 2000) {
      if (!(await driverOf(lab).isRunning(lab, node))) throw await failure(lab, node, 'ended while it booted')
      looked = Date.now()
    }
    await sleep(50)
  }
}

async function failure(lab: Lab, node: LabNode, what: string): Promise<KcharmError> {
  const log = await readFile(consoleOf(lab, node), 'utf8').catch(() => '')
  const last = log.trim().split('\n').slice(-5).join('\n')
  return new KcharmError('lab', `node ${node.name} of lab ${lab.name} ${what}; the end of its console:\n${last}`, {
    hint: `All of it is in ${consoleOf(lab, node)}`,
  })
}
