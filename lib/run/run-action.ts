import { KcharmError } from '../errors/index.ts'
import type { Charm } from '../lifecycle/charm.ts'
import { recordedCharm } from '../model/charm-of.ts'
import { problemText } from '../model/faults.ts'
import { mapRecord } from '../model/map-record.ts'
import { optionsInForce, parseOptions } from '../model/options.ts'
import { unitsOf } from '../model/units.ts'
import type { SeenUnit, StoredModel } from '../state/stored-model.ts'
import { type ActionJob, type ActionRun, askActions } from './ask-actions.ts'
import { readModel } from './read-model.ts'
import type { SiteLink } from './site-link.ts'
import { siteOf } from './sites.ts'
import { requireUnit } from './verbs/require-unit.ts'
import type { Workspace } from './workspace.ts'

export interface ActionWish {
  units: string[]
  action: string
  /** `key=value` pairs. */
  params: Record<string, string>
}

/**
 * All that is wrong with the wish is thrown before any connection: `no-model`, `not-found`, `invalid-option`. Whatever
 * keeps a unit from answering is in its own run.
 */
export async function runAction(work: Workspace, wish: ActionWish): Promise<ActionRun[]> {
  const stored = await readModel(work)
  const jobs = wish.units.map((name) => jobOf(work, wish, { seen: requireUnit(name, stored.units), stored }))
  return await askActions(work, jobs)
}

function jobOf(work: Workspace, wish: ActionWish, at: { seen: SeenUnit; stored: StoredModel }): ActionJob {
  const { seen, stored } = at
  const charm = recordedCharm(seen.record.charm, work.charms)
  const actions = charm?.actions ?? {}
  const action = Object.hasOwn(actions, wish.action) ? actions[wish.action] : undefined
  const machine = stored.model.machines[seen.machine]
  if (charm === undefined || action === undefined) throw noAction(seen.record.charm, wish.action, Object.keys(actions))
  if (machine === undefined) throw new KcharmError('not-found', `the model has no machine ${seen.machine}`)
  const meta = { ...charm, name: `${charm.name} ${wish.action}`, config: action.params }
  const params = optionsInForce(meta, { bundleOptions: parseOptions(meta, wish.params), setOptions: {} })
  const site = (link: SiteLink) => siteFor(work.charms, stored, link)
  return { unit: seen.record.unit, machine, action, params, site }
}

function noAction(charm: string, word: string, among: string[]): KcharmError {
  const what = `the charm ${charm} has no action ${word}`
  return new KcharmError('not-found', problemText({ path: [], what, meant: { word, among } }), {
    hint: among.length === 0 ? 'it has none at all' : `it has: ${among.join(', ')}`,
  })
}

/** The machine's units as they stand; of what they were installed from the names are known, which is all that is asked. */
function siteFor(charms: Record<string, Charm>, { model, units }: StoredModel, link: SiteLink) {
  const recorded = units.map(({ machine, record: { unit, app, charm } }) => ({ machine, unit, app, charm }))
  const here = units.filter(({ machine }) => machine === link.machine.name)
  const blobs = Object.fromEntries(
    here.map(({ record }) => [
      record.app,
      mapRecord(record.resources ?? {}, (_name, blob) => ({ ...blob, size: 0, from: blob.name })),
    ]),
  )
  return siteOf(link.machine.name, link.lines, { model, charms, declared: unitsOf(model, { recorded, charms }), blobs })
}
