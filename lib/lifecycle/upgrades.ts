import type { Blob } from '../host/kind.ts'

/** Where an upgrade leads, as its stages see it. */
export interface Ascent {
  from: string
  to: string
  /** All hops to the end that is wanted; nothing where no way is supported. */
  path: Hop[] | undefined
  /** The end that is wanted, when this pass leads to a stop on the way only. */
  goal: string
  /** Digest of what is wanted in the end. */
  wish: string
  /** A stop on the way that nobody has given what it takes for. */
  missing?: string
}

/** One supported step from a branch of versions to a later one, such as 1.7 to 2.3. */
export interface Hop {
  from: string
  to: string
  /** What changes for those who run it: each a line of the plan. */
  words?: string[]
  /** Sandboxes of the old version do not outlive it; why. */
  breaks?: string
}

type Resources = Record<string, Blob | undefined>

/** How a charm's software gets from one version to another. */
export interface Upgrades<C = unknown> {
  /** The version that these options and resources lead to; nothing where they leave it open. */
  version(this: void, config: C, resources: Resources): string | undefined
  /** The branch that a version belongs to. Within one branch every version leads to every other. */
  branch(this: void, version: string): string
  hops: Hop[]
  /** Each hop is installed and proved before the next; else a way of several hops is taken at once. */
  stops: boolean
  /** The options and resources of a stop on the way; nothing when they were not given. */
  via?(this: void, branch: string, config: C, resources: Resources): Stop | undefined
}

/** What is different, on the way, from what is wanted in the end. */
export interface Stop {
  /** The version to ask for; nothing: what the resources say. */
  version?: string
  resources?: Resources
}

/** The shortest way; nothing where none is supported. */
export function pathOf(
  { branch, hops }: Pick<Upgrades, 'branch' | 'hops'>,
  from: string,
  to: string,
): Hop[] | undefined {
  const goal = branch(to)
  const queue: { at: string; way: Hop[] }[] = [{ at: branch(from), way: [] }]
  const seen = new Set<string>()
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { at, way } = next
    if (at === goal) return way
    if (seen.has(at)) continue
    seen.add(at)
    queue.push(...hops.filter((hop) => hop.from === at).map((hop) => ({ at: hop.to, way: [...way, hop] })))
  }
  return undefined
}
