import { KcharmError } from '../../errors/index.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import type { Application, Model, Relation } from '../../model/declaration.ts'
import type { SeenUnit } from '../../state/stored-model.ts'
import type { Verb } from '../verb.ts'
import { requireApplication } from './require-application.ts'
import { requireUnit } from './require-unit.ts'

interface Known {
  units: SeenUnit[]
  charms: Record<string, CharmMeta>
}

/** `remove APP|UNIT`: it stays in the model as absent until nothing of it is on a machine. */
export function remove(name: string, known: Known): Verb {
  return {
    title: `remove ${name}`,
    declare(before) {
      const { model } = before
      return name.includes('/')
        ? { ...before, ...withoutUnit(model, requireUnit(name, known.units), known.charms) }
        : { ...before, ...withoutApplication(model, name) }
    },
  }
}

/** Its relations go with it, and so do subordinates' units that stood beside its own. */
function withoutApplication(model: Model, name: string): { model: Model; apps: string[] } {
  const going = Object.hasOwn(model.applications, name) ? model.applications[name] : undefined
  const application: Application = { ...(going ?? requireApplication(model, name)), life: 'absent' }
  const isOurs = ({ provider, requirer }: Relation) => [provider.app, requirer.app].includes(name)
  const others = model.relations.filter(isOurs).flatMap(({ provider, requirer }) => [provider.app, requirer.app])
  return {
    model: {
      ...model,
      applications: { ...model.applications, [name]: application },
      relations: model.relations.map((each) => (isOurs(each) ? { ...each, life: 'absent' } : each)),
    },
    apps: [...new Set([name, ...others])],
  }
}

function withoutUnit(model: Model, unit: SeenUnit, charms: Record<string, CharmMeta>) {
  const { app } = unit.record
  const application = requireApplication(model, app)
  if (charms[application.charm]?.subordinate) {
    throw new KcharmError(
      'usage',
      `${unit.record.unit} is a subordinate’s unit: it stands as long as its relation does`,
      {
        hint: `end the relation (kcharm unrelate), or remove ${app}`,
      },
    )
  }
  const machines = application.machines.filter((machine) => machine !== unit.machine)
  return {
    model: { ...model, applications: { ...model.applications, [app]: { ...application, machines } } },
    machines: [unit.machine],
  }
}
