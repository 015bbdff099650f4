import type { Charm } from '../lib/lifecycle/charm.ts'
import { containerd } from './containerd/charm.ts'
import { kata } from './kata/charm.ts'

/** The charms that come with kcharm, by name. */
export const charms: Record<string, Charm> = { containerd, kata }
