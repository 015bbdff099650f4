/** A Debian suite that nodes can be made of. */
export const BASES = ['trixie', 'bookworm'] as const
export type Base = (typeof BASES)[number]

/** `nspawn`: a systemd container with sshd on this machine's kernel. `vm`: an emulated machine with a kernel and a /dev/kvm of its own.
 * `rootless`: a file tree behind an SSH server, with stand-ins for a system's programs: nothing of it is real, and it needs no root. */
export const KINDS = ['nspawn', 'vm', 'rootless'] as const
export type Kind = (typeof KINDS)[number]

/** Users that every node has: root, and one that may sudo without a password. */
export const USERS = ['root', 'op'] as const
export type User = (typeof USERS)[number]

/** One node as it is asked for. */
export interface NodeSpec {
  name: string
  base?: Base
  /** The distribution's containerd and runc are installed and running before anybody logs in. */
  containerd?: boolean
  tags?: readonly string[]
}

export interface LabNode {
  name: string
  base: Base
  containerd: boolean
  kind: Kind
  tags: readonly string[]
  user: User
  /** Where this machine reaches it: always 127.0.0.1 and a port of the lab's own. */
  address: string
  port: number
  /** The address on the node's own interface, known inside the lab only. */
  ownAddress: string
}

export interface Lab {
  name: string
  /** Six hex digits, unique on this machine: part of every name that the lab gives to the kernel. */
  id: string
  kind: Kind
  /** The lab's folder; everything of the lab but the shared cache lies in it. */
  dir: string
  inventory: string
  knownHosts: string
  /** The private key for every node and user. */
  key: string
  /** `-cpu` of QEMU, for nodes of kind vm. */
  cpu: string
  nodes: readonly LabNode[]
}

/** Takes one line for the user. */
export type Say = (line: string) => void
