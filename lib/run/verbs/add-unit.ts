import { KcharmError } from '../../errors/index.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import type { Model } from '../../model/declaration.ts'
import type { Verb } from '../verb.ts'
import { requireApplication } from './require-application.ts'
import { requireMachine } from './require-machine.ts'

/** `add-unit APP --to MACHINE`, or on so many of the machines that have none, in the inventory's order. */
export function addUnit(app: string, where: { to: string[]; count: number }, charms: Record<string, CharmMeta>): Verb {
  return {
    title: `add-unit ${app}`,
    declare(before) {
      const model = withInventory(before.model, before.inventory?.machines ?? [])
      const application = requireApplication(model, app)
      if (charms[application.charm]?.subordinate) {
        throw new KcharmError('usage', `${app} is a subordinate: it gets its units where it is related to`, {
          hint: `add a unit to the application beside it, or kcharm relate ${app} APP`,
        })
      }
      const fresh = where.to.length > 0 ? where.to : free(model, application.machines).slice(0, where.count)
      for (const name of fresh) refuse(model, { app, name, taken: application.machines })
      if (where.to.length === 0 && fresh.length < where.count) {
        throw new KcharmError('not-found', `${fresh.length} of the model’s machines have no unit of ${app}`, {
          hint: 'add machines to the inventory and deploy with --inventory FILE, or name one by --to',
        })
      }
      const machines = [...application.machines, ...fresh]
      const applications = { ...model.applications, [app]: { ...application, machines } }
      return { ...before, model: { ...model, applications }, machines: fresh }
    },
  }
}

/** Machines of the inventory that no unit has needed so far. */
function withInventory(model: Model, machines: Model['machines'][string][]): Model {
  const known = Object.fromEntries(machines.map((machine) => [machine.name, machine]))
  return { ...model, machines: { ...known, ...model.machines } }
}

function free(model: Model, taken: string[]): string[] {
  return Object.keys(model.machines).filter((name) => !taken.includes(name))
}

function refuse(model: Model, { app, name, taken }: { app: string; name: string; taken: string[] }): void {
  requireMachine(model, name)
  if (taken.includes(name)) throw new KcharmError('usage', `${name} has a unit of ${app} already`)
}
