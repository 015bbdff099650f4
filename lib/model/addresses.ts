import type { Model } from './declaration.ts'

/**
 * Under which addresses the machines of a model are met: each one's own, and that of SSH unless it is a name. One list for
 * all units, worked out once for each model.
 */
export function addressesOf(model: Model): readonly string[] {
  const found = known.get(model)
  if (found) return found
  const all = Object.values(model.machines).flatMap(({ address, ownAddress }) =>
    bitsOf(address) === undefined ? [ownAddress] : [ownAddress, address],
  )
  const made = [...new Set(all)].sort()
  known.set(model, made)
  return made
}

const known = new WeakMap<Model, readonly string[]>()

/** Whether an address lies in a network, `10.0.0.0/8` or `fd00::/8`. A name lies in none. */
export function isWithin(address: string, network: string): boolean {
  const [start = '', length = ''] = network.split('/')
  const [bits, net] = [bitsOf(address), bitsOf(start)]
  if (bits === undefined || net === undefined || !/^\d+$/.test(length)) return false
  return bits.length === net.length && bits.startsWith(net.slice(0, Number(length)))
}

/** An address as its 32 or 128 bits; nothing for a name. */
function bitsOf(text: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return binary(text.split('.').map(Number), 8)
  if (!/^[\da-f:]*:[\da-f:]*$/i.test(text)) return undefined
  const [before = [], after = []] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return binary(
    [...before, ...zeros, ...after].map((group) => parseInt(group, 16)),
    16,
  )
}

function binary(numbers: number[], width: number): string {
  return numbers.map((each) => each.toString(2).padStart(width, '0')).join('')
}
