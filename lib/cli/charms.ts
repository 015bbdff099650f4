import { charms as builtIn } from '../../charms/index.ts'
import type { Charm } from '../lifecycle/charm.ts'

/** Every charm that this process knows, by key; those from folders come in when somebody names them. */
export const charms: Record<string, Charm> = { ...builtIn }
