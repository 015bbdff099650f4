import type { Kind } from './types.ts'

/** The lab's own end of its network. Every lab has the same addresses: their networks never meet. */
export const HUB_ADDRESS = '10.77.0.1'

/** The address on a node's own interface. Each emulated machine is alone on QEMU's user network, which gives always this one. */
export function ownAddress(kind: Kind, index: number): string {
  if (kind === 'rootless') return '127.0.0.1'
  return kind === 'vm' ? '10.0.2.15' : `10.77.0.${11 + index}`
}

/** A name server for nodes that know no names: nobody listens there, so a question is refused at once instead of timing out. */
export function nameServer(kind: Kind): string {
  return kind === 'vm' ? '127.0.0.1' : HUB_ADDRESS
}
