import type { CharmMeta } from '../model/charm-meta.ts'
import type { Machine } from '../model/declaration.ts'
import { endText } from '../model/match-ends.ts'
import { unitsOf } from '../model/units.ts'
import type { SeenUnit, StoredModel } from '../state/stored-model.ts'

/** All that `status` shows, as plain data. */
export interface StatusReport {
  model: { name: string; id: string; visited?: string }
  applications: Record<string, ApplicationStatus>
  machines: Record<string, MachineStatus>
  relations: { requirer: string; provider: string; interface: string; status: string }[]
}

export interface ApplicationStatus {
  charm: string
  status: string
  subordinate: boolean
  units: Record<string, UnitStatus>
}

export interface UnitStatus {
  machine: string
  status: string
  message?: string
  hint?: string
  version?: string
  /** Of a subordinate: the unit beside which it stands. */
  principal?: string
}

export interface MachineStatus {
  address: string
  status: string
  message?: string
}

/** Juju's order: what needs a person first. */
const WORST_FIRST = ['error', 'blocked', 'maintenance', 'waiting', 'unknown', 'active', 'terminated']

export function statusOfModel(stored: StoredModel, charms: Record<string, CharmMeta>): StatusReport {
  const { model } = stored
  const recorded = stored.units.map(({ machine, record: { unit, app, charm } }) => ({ machine, unit, app, charm }))
  const declared = unitsOf(model, { recorded, charms })
  const apps = [...new Set([...Object.keys(model.applications), ...declared.map(({ app }) => app)])].sort()
  return {
    model: { name: model.name, id: model.id, ...(stored.visited ? { visited: stored.visited } : {}) },
    applications: Object.fromEntries(
      apps.map((app) => {
        const own = declared.filter((unit) => unit.app === app)
        const units = own.map((unit) => [unit.name, unitStatus(unit, stored)] as const)
        const charm = model.applications[app]?.charm ?? own[0]?.charm ?? app
        return [app, applicationStatus(charm, Object.fromEntries(units), charms)]
      }),
    ),
    machines: Object.fromEntries(Object.keys(model.machines).map((name) => [name, machineStatus(name, stored)])),
    relations: model.relations.map(({ provider, requirer, life }) => ({
      requirer: endText(requirer),
      provider: endText(provider),
      interface:
        charms[model.applications[provider.app]?.charm ?? '']?.endpoints[provider.endpoint]?.interface.name ?? '',
      status: life === 'present' ? 'joined' : 'ending',
    })),
  }
}

function applicationStatus(
  charm: string,
  units: Record<string, UnitStatus>,
  charms: Record<string, CharmMeta>,
): ApplicationStatus {
  const statuses = Object.values(units).map((unit) => unit.status)
  const status = WORST_FIRST.find((each) => statuses.includes(each)) ?? 'unknown'
  return { charm, status, subordinate: charms[charm]?.subordinate ?? false, units }
}

type Declared = ReturnType<typeof unitsOf>[number]

function unitStatus({ name, machine, principal, life }: Declared, stored: StoredModel): UnitStatus {
  const seen = stored.units.find((unit) => unit.record.unit === name)
  const fault = stored.faults[machine]
  const told = standing(seen, fault, life)
  const version = seen?.record.version
  return { machine, ...told, ...(version ? { version } : {}), ...(principal ? { principal } : {}) }
}

/** What could not be visited says so beside what was last seen there. */
function standing(seen: SeenUnit | undefined, fault: StoredModel['faults'][string] | undefined, life: string) {
  const status = seen?.status ?? (fault ? 'error' : 'unknown')
  const leaving = life === 'absent' ? ['to be removed'] : []
  const words = [fault?.message, ...leaving, seen?.message ?? (fault ? undefined : 'not deployed yet')]
  const message = words.filter((word) => word !== undefined).join('; ')
  const hint = fault?.hint ?? seen?.hint
  return { status, ...(message ? { message } : {}), ...(hint ? { hint } : {}) }
}

function machineStatus(name: string, { model, faults }: StoredModel): MachineStatus {
  const machine = model.machines[name]
  const fault = faults[name]
  const address = machine ? placeOf(machine) : ''
  return fault ? { address, status: 'failed', message: fault.message } : { address, status: 'reached' }
}

function placeOf({ address, port }: Machine): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
