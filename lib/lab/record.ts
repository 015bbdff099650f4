import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KcharmError } from '../errors/index.ts'
import { BASES, KINDS, USERS, type Lab } from './types.ts'
import { ownAddress } from './addresses.ts'
import { labsFolder } from './paths.ts'
import type { PlannedLab } from './wish.ts'

const RECORD = z.strictObject({
  name: z.string(),
  id: z.string(),
  kind: z.enum(KINDS),
  cpu: z.string(),
  nodes: z.array(
    z.strictObject({
      name: z.string(),
      base: z.enum(BASES),
      containerd: z.boolean(),
      tags: z.array(z.string()),
      user: z.enum(USERS),
      port: z.number(),
    }),
  ),
})

/** The lab of that name, also one whose making or ending was broken off; undefined when there is none. */
export async function readLab(name: string): Promise<Lab | undefined> {
  const dir = labFolder(name)
  const text = await readFile(recordFile(dir), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const record = RECORD.parse(JSON.parse(text))
  return labOf(record, dir)
}

/** Like readLab, but a lab that does not exist is a KcharmError('not-found') naming those that do. */
export async function requireLab(name: string): Promise<Lab> {
  const lab = await readLab(name)
  if (lab) return lab
  const names = await labNames()
  const hint = names.length > 0 ? `There is: ${names.join(', ')}` : 'kcharm lab up makes one.'
  throw new KcharmError('not-found', `there is no lab named ${name}`, { hint })
}

export async function labNames(): Promise<string[]> {
  const names = await readdir(labsFolder()).catch(() => [])
  const labs = await Promise.all(names.map((name) => readLab(name)))
  return labs.flatMap((lab) => (lab ? [lab.name] : [])).sort()
}

/** Writes down what is about to be made, so that `down` finds it however far `up` gets. Ports come later (0). */
export async function newLab(planned: PlannedLab): Promise<Lab> {
  const dir = labFolder(planned.name)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const nodes = planned.nodes.map((node) => ({ ...node, tags: [...node.tags], port: 0 }))
  const lab = labOf({ ...planned, id: randomBytes(3).toString('hex'), nodes }, dir)
  await writeLab(lab)
  return lab
}

export function withPorts(lab: Lab, ports: readonly number[]): Lab {
  return { ...lab, nodes: lab.nodes.map((node, i) => ({ ...node, port: ports[i] ?? node.port })) }
}

export async function writeLab(lab: Lab): Promise<void> {
  const nodes = lab.nodes.map(({ name, base, containerd, tags, user, port }) => ({
    name,
    base,
    containerd,
    tags,
    user,
    port,
  }))
  const text = JSON.stringify({ name: lab.name, id: lab.id, kind: lab.kind, cpu: lab.cpu, nodes }, undefined, 2)
  await writeFile(`${recordFile(lab.dir)}.new`, `${text}\n`)
  await rename(`${recordFile(lab.dir)}.new`, recordFile(lab.dir))
}

/** The folder of one node: its disk, its keys, its console. */
export function nodeFolder(lab: Lab, node: { name: string }): string {
  return join(lab.dir, 'nodes', node.name)
}

/** Everything that a node's console printed, over all its boots. */
export function consoleOf(lab: Lab, node: { name: string }): string {
  return join(nodeFolder(lab, node), 'console.log')
}

function labOf(record: z.infer<typeof RECORD>, dir: string): Lab {
  const { name, id, kind, cpu } = record
  return {
    ...{ name, id, kind, cpu, dir },
    inventory: join(dir, 'inventory.yaml'),
    knownHosts: join(dir, 'known_hosts'),
    key: join(dir, 'id_ed25519'),
    nodes: record.nodes.map((node, i) => ({ ...node, kind, address: '127.0.0.1', ownAddress: ownAddress(kind, i) })),
  }
}

function labFolder(name: string): string {
  return join(labsFolder(), name)
}

function recordFile(dir: string): string {
  return join(dir, 'lab.json')
}
