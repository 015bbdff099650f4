import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
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
  const lab = await labUp({ name, nodes, base, containerd, kind: kindOf(flags, say), say })
  const [status] = await labStatus(name)
  const { path } = await makeStandInKata({})
  if (status === undefined) throw new KcharmError('lab', `the lab ${name} is gone again`)
  const next = [`kcharm deploy bundle ${labBundle()}`, `--inventory ${lab.inventory}`, `--resource kata:kata=${path}`]
  return { status, next: name === 'lab' ? next : [...next, `--model ${name}`] }
}

/** Real nodes where this machine can carry them. */
function kindOf({ vm, rootless }: LabFlags, say: (line: string) => void): Kind {
  if (vm) return 'vm'
  const canBeReal = process.platform === 'linux' && process.getuid?.() === 0
  if (!rootless && canBeReal) return 'nspawn'
  const why = rootless ? '' : 'Real nodes need root on Linux. '
  say(`${why}These nodes are folders with an SSH server, and stand-ins for systemctl, apt-get and containerd.`)
  return 'rootless'
}

/** As the user would write it from here. */
function labBundle(): string {
  const bundle = fileURLToPath(new URL('../bundles/lab.yaml', import.meta.url))
  return relative(process.cwd(), bundle)
}
