import type { Charm } from '../../../lib/lifecycle/charm.ts'
import { ten } from './charm.ts'

/** In place of the charms that come with kcharm. */
export const charms: Record<string, Charm> = { ten }
