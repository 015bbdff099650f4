import { KcharmError } from '../errors/index.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { type Application, emptyModel, type Machine } from '../model/declaration.ts'
import { charmKey, recordedCharm } from '../model/charm-of.ts'
import { problemText } from '../model/faults.ts'
import { optionsInForce } from '../model/options.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { type ActionJob, type ActionRun, askActions } from './ask-actions.ts'
import { recalled } from './read-model.ts'
import { runAction } from './run-action.ts'
import { siteOf } from './sites.ts'
import type { Workspace } from './workspace.ts'

/** The action by which a charm tells whether a machine is fit for it. */
const PREFLIGHT = 'preflight'

export interface PreflightWish {
  units: string[]
  /** Names of machines. With no units either: every unit that knows a preflight, or every machine when there is none. */
  machines: string[]
  /** Machines that are in no model yet. */
  inventory: Machine[]
}

/**
 * Asks units, and machines before there is a unit, whether they are fit. A machine without a unit is asked with each
 * charm's default options. Throws `not-found` for a machine or unit that is not known, `usage` when there is nobody to ask.
 */
export async function runPreflight(work: Workspace, wish: PreflightWish): Promise<ActionRun[]> {
  const stored = await recalled(work)
  const known = new Map([...Object.values(stored?.model.machines ?? {}), ...wish.inventory].map((m) => [m.name, m]))
  const named = wish.machines.map((name) => known.get(name) ?? noMachine(name, [...known.keys()]))
  const all = wish.units.length + named.length === 0
  const units = unitsToAsk(work, stored, { ...wish, all })
  const bare = (all && units.length === 0 ? [...known.values()] : named).filter(
    ({ name }) => !(stored?.units ?? []).some(({ machine, record }) => machine === name && units.includes(record.unit)),
  )
  if (units.length + bare.length === 0) throw nobody()
  const [ofUnits, ofMachines] = await Promise.all([
    units.length === 0 ? [] : runAction(work, { units, action: PREFLIGHT, params: {} }),
    askActions(
      work,
      bare.flatMap((machine) => jobsFor(work.charms, machine)),
    ),
  ])
  return [...ofUnits, ...ofMachines]
}

function unitsToAsk(
  { charms }: Workspace,
  stored: StoredModel | undefined,
  wish: PreflightWish & { all: boolean },
): string[] {
  const able = (stored?.units ?? []).filter(
    ({ record }) => recordedCharm(record.charm, charms)?.actions?.[PREFLIGHT] !== undefined,
  )
  const beside = able.filter(({ machine }) => wish.all || wish.machines.includes(machine))
  return [...new Set([...wish.units, ...beside.map(({ record }) => record.unit)])]
}

function jobsFor(charms: Record<string, Charm>, machine: Machine): ActionJob[] {
  return Object.values(charms).flatMap((charm): ActionJob[] => {
    const action = charm.actions?.[PREFLIGHT]
    if (action === undefined) return []
    const name = charm.name
    const model = { ...emptyModel('preflight', 'preflight'), applications: { [name]: bareApplication(charm) } }
    const declared = [{ name, app: name, charm: charmKey(charm), machine: machine.name, life: 'present' as const }]
    const site = () => siteOf(machine.name, [], { model, charms, declared, blobs: {} })
    const params = optionsInForce({ ...charm, config: action.params }, { bundleOptions: {}, setOptions: {} })
    return [{ unit: name, machine, action, params, site }]
  })
}

function bareApplication(charm: Charm): Application {
  return {
    name: charm.name,
    charm: charmKey(charm),
    bundleOptions: {},
    setOptions: {},
    resources: {},
    machines: [],
    life: 'present',
  }
}

function noMachine(word: string, among: string[]): never {
  throw new KcharmError(
    'not-found',
    problemText({ path: [], what: `there is no machine ${word}`, meant: { word, among } }),
  )
}

function nobody(): KcharmError {
  return new KcharmError('usage', 'there is no unit and no machine to ask', {
    hint: 'say which machines there are: kcharm preflight --inventory FILE',
  })
}
