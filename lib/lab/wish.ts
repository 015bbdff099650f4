import { KcharmError } from '../errors/index.ts'
import { BASES, type Base, type Kind, type NodeSpec, type User } from './types.ts'

export interface LabWish {
  name?: string
  /** So many nodes n1, n2, …; or each one by itself. */
  nodes: number | readonly NodeSpec[]
  kind?: Kind
  /** For nodes that do not say it themselves. Default: trixie. */
  base?: Base
  /** For nodes that do not say it themselves. Default: false, a bare system. */
  containerd?: boolean
  /** Whom the inventory names. Default: root. */
  user?: User
  /** `-cpu` of QEMU for nodes of kind vm; `EPYC,-svm` is a machine without virtualisation. */
  cpu?: string
}

export interface PlannedNode {
  name: string
  base: Base
  containerd: boolean
  tags: readonly string[]
  user: User
}

export interface PlannedLab {
  name: string
  kind: Kind
  cpu: string
  nodes: readonly PlannedNode[]
}

/** Fills in what was not said. Faults are KcharmError('usage'). */
export function planLab(wish: LabWish): PlannedLab {
  const name = wish.name ?? 'lab'
  const specs = typeof wish.nodes === 'number' ? numbered(wish.nodes) : wish.nodes
  const nodes = specs.map((spec) => planNode(spec, wish))
  const faults = [...nameFaults([name, ...nodes.map((node) => node.name)]), ...nodeFaults(nodes, wish.kind ?? 'nspawn')]
  if (faults.length > 0) throw new KcharmError('usage', faults.join('\n'))
  return { name, kind: wish.kind ?? 'nspawn', cpu: wish.cpu ?? 'EPYC,+svm', nodes }
}

function numbered(count: number): NodeSpec[] {
  return Array.from({ length: count }, (_, i) => ({ name: `n${i + 1}` }))
}

function planNode(spec: NodeSpec, wish: LabWish): PlannedNode {
  return {
    name: spec.name,
    base: spec.base ?? wish.base ?? 'trixie',
    containerd: spec.containerd ?? wish.containerd ?? false,
    tags: spec.tags ?? [],
    user: wish.user ?? 'root',
  }
}

function nameFaults(names: string[]): string[] {
  return names
    .filter((name) => !/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name))
    .map((name) => `'${name}' is no name for a lab or node: expected up to 32 small letters, digits and inner dashes`)
}

const MOST = 200 // addresses .11 to .210 of a /24

function nodeFaults(nodes: PlannedNode[], kind: Kind): string[] {
  const names = nodes.map((node) => node.name)
  const twice = names.filter((name, i) => names.indexOf(name) !== i).map((name) => `two nodes are named ${name}`)
  const count = nodes.length >= 1 && nodes.length <= MOST ? [] : [`a lab has 1 to ${MOST} nodes, not ${nodes.length}`]
  const unknown = nodes
    .filter((node) => !BASES.includes(node.base))
    .map((node) => `node ${node.name}: base '${node.base}' is none of ${BASES.join(', ')}`)
  const old = kind === 'vm' && nodes.some((node) => node.base !== 'trixie') ? ['a node of kind vm has base trixie'] : []
  return [...twice, ...count, ...unknown, ...old]
}
