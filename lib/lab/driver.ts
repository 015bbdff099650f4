import type { Kind, Lab } from './types.ts'
import type { NodeDriver } from './node-driver.ts'
import { nspawn } from './nspawn/driver.ts'
import { rootless } from './rootless/driver.ts'
import { vm } from './vm/driver.ts'

const DRIVERS: Record<Kind, NodeDriver> = { nspawn, vm, rootless }

export function driverOf(lab: Lab): NodeDriver {
  return DRIVERS[lab.kind]
}
