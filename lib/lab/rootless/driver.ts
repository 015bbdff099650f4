import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { ChildProcess } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { KcharmError } from '../../errors/index.ts'
import { startInBackground } from '../background.ts'
import { hostKey } from '../keys.ts'
import type { NodeDriver } from '../node-driver.ts'
import { kill } from '../process.ts'
import { withPorts } from '../record.ts'
import type { Lab, LabNode } from '../types.ts'
import type { HostAnswer, HostOrder } from './host.ts'
import { NOBODY } from './identity.ts'

/** Nodes that are file trees: one process serves them all, and programs stand in for a system's. They go on and off together. */
export const rootless: NodeDriver = { prepare, open, start, stop, isRunning, clean }

/** Where the nodes' trees lie. Not in the lab's folder: `nobody` could not get there, and a socket's path must be short. */
export function treesOf(lab: Lab): string {
  return join('/var/tmp', `kcharm-lab-${lab.id}`)
}

async function prepare(): Promise<void> {
  if (existsSync(program())) return
  throw new KcharmError('lab', `the program of rootless nodes is not built: ${program()}`, {
    hint: 'run: npm run build',
  })
}

async function open(lab: Lab): Promise<Lab> {
  if ((await hostOf(lab)) !== undefined) return lab
  await mkdir(treesOf(lab), { recursive: true })
  if (process.getuid?.() === 0) await chown(treesOf(lab), NOBODY, NOBODY)
  const log = join(lab.dir, 'nodes.log')
  const child = startInBackground([process.execPath, program(), lab.id], { cgroups: [], log, ipc: true })
  await writeFile(pidFile(lab), String(child.pid))
  const answer = await ask(child, await orderFor(lab))
  if (child.connected) child.disconnect()
  if ('ports' in answer) return withPorts(lab, answer.ports)
  throw new KcharmError('lab', `the nodes of lab ${lab.name} do not start: ${answer.error}`, { hint: `see ${log}` })
}

async function start(lab: Lab): Promise<void> {
  await open(lab)
}

async function stop(lab: Lab): Promise<void> {
  for (let pid = await hostOf(lab); pid !== undefined; pid = await hostOf(lab)) {
    kill(pid)
    await sleep(10)
  }
  await rm(pidFile(lab), { force: true })
}

async function isRunning(lab: Lab): Promise<boolean> {
  return (await hostOf(lab)) !== undefined
}

async function clean(lab: Lab): Promise<void> {
  await rm(treesOf(lab), { recursive: true, force: true })
}

async function orderFor(lab: Lab): Promise<HostOrder> {
  const nodes = lab.nodes.map(async ({ name, base, containerd, port, ...rest }: LabNode) => {
    const key = await readFile(hostKey(lab, { name, ...rest }), 'utf8')
    return { name, base, containerd, port, hostKey: key }
  })
  return { folder: treesOf(lab), clientKey: await readFile(`${lab.key}.pub`, 'utf8'), nodes: await Promise.all(nodes) }
}

function ask(child: ChildProcess, order: HostOrder): Promise<HostAnswer> {
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve({ error: `its process ended with ${code ?? 'a signal'}` }))
    child.once('message', (answer: HostAnswer) => resolve(answer))
    child.send(order)
  })
}

/** The process of this lab, told from others by the lab's id in its arguments: numbers are used again. */
async function hostOf(lab: Lab): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile(lab), 'utf8').catch(() => ''))
  if (!pid) return undefined
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return words.split('\0').includes(lab.id) ? pid : undefined
}

function pidFile(lab: Lab): string {
  return join(lab.dir, 'nodes.pid')
}

function program(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return join(folder, 'dist', 'rootless-host.cjs')
}
