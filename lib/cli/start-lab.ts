import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Base, type Kind, labStatus, type LabStatus, labUp, makeStandInKata } from '../lab/index.ts'
import { KcharmError } from '../errors/index.ts'

export interface LabFlags {
  nodes: number
  base: string
  containerd: boolean
  rootless: boolean
  vm: boolean
}

/** Makes the lab and the stand-in archive. `next`: the command to try, in pieces of one line each. */
export async function startLab(name: string, flags: LabFlags): Promise<{ status: LabStatus; next: string[] }> {
  const base: Base = flags.base === 'bookworm' ? 'bookworm' : 'trixie'
  const { nodes, containerd } = flags
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const lab = await labUp({ name, nodes, base, containerd, kind: kindOf(flags), say })
  const [status] = await labStatus(name)
  const { path } = await makeStandInKata({})
  if (status === undefined) throw new KcharmError('lab', `the lab ${name} is gone again`)
  const next = [`kcharm deploy bundle ${labBundle()}`, `--inventory ${lab.inventory}`, `--resource kata:kata=${path}`]
  return { status, next: name === 'lab' ? next : [...next, `--model ${name}`] }
}

function kindOf({ vm, rootless }: LabFlags): Kind {
  if (rootless) return 'rootless'
  return vm ? 'vm' : 'nspawn'
}

/** From where the user stands, when it is there; else from the package. */
function labBundle(): string {
  const here = join('bundles', 'lab.yaml')
  if (existsSync(here)) return here
  const packaged = new URL('../bundles/lab.yaml', packageRoot())
  return relative(process.cwd(), packaged.pathname)
}

function packageRoot(): URL {
  return new URL('./', import.meta.url)
}
