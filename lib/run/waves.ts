import { KcharmError } from '../errors/index.ts'

/** How an upgrade goes over many machines. */
export interface Rollout {
  /** So many machines go first, alone. */
  canary: number
  /** So many at a time: a count, or a share such as `25%`. */
  maxUnavailable: string
  /** After each wave its machines are watched for so long before the next begins. */
  soakMs: number
}

export const CAREFUL: Rollout = { canary: 1, maxUnavailable: '25%', soakMs: 0 }

/** Machines in the order given: the canaries, then wave after wave. A share is of all of them, at least one. */
export function wavesOf<T>(machines: T[], { canary, maxUnavailable }: Omit<Rollout, 'soakMs'>): T[][] {
  const first = machines.slice(0, canary)
  const rest = machines.slice(canary)
  const size = waveSize(maxUnavailable, machines.length)
  const count = Math.ceil(rest.length / size)
  const waves = Array.from({ length: count }, (_, index) => rest.slice(index * size, (index + 1) * size))
  return [first, ...waves].filter((wave) => wave.length > 0)
}

/** `N` or `P%`, the share taken before it is cut to whole machines. Throws `usage`. */
export function waveSize(text: string, of: number): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const value = Number(number)
  if (number === undefined || value <= 0 || (percent === '' && !Number.isInteger(value)) || (percent && value > 100)) {
    throw new KcharmError(
      'usage',
      `max-unavailable ${JSON.stringify(text)}: expected a count such as 2, or a share such as 25%`,
    )
  }
  return Math.max(1, percent ? Math.floor((of * value) / 100) : value)
}

/** As a command line or a bundle writes it. */
export interface RolloutWords {
  canary?: number | undefined
  'max-unavailable'?: string | undefined
  soak?: string | undefined
}

/** Throws `usage`. */
export function rolloutOf({ canary, 'max-unavailable': maxUnavailable, soak }: RolloutWords): Partial<Rollout> {
  if (maxUnavailable !== undefined) waveSize(maxUnavailable, 1)
  return {
    ...(canary === undefined ? {} : { canary }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    ...(soak === undefined ? {} : { soakMs: milliseconds(soak) }),
  }
}

function milliseconds(text: string): number {
  const [, number, unit = 's'] = /^(\d+)(s|m|h)?$/.exec(text) ?? []
  if (number === undefined) {
    throw new KcharmError('usage', `soak ${JSON.stringify(text)}: expected a time such as 30s, 5m or 1h`)
  }
  return Number(number) * { s: 1000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h']
}
