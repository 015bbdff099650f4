import { KcharmError } from '../../errors/index.ts'
import type { KeptRevision, UnitRecord } from '../../lifecycle/manifest.ts'
import type { Application } from '../../model/declaration.ts'
import { mapRecord } from '../../model/map-record.ts'
import type { SeenUnit } from '../../state/stored-model.ts'
import type { Verb } from '../verb.ts'
import { requireApplication } from './require-application.ts'

type Past = Pick<KeptRevision, 'version' | 'charm' | 'options' | 'set' | 'resources'>

/** `rollback APP [--to VERSION]`: back to a version that its machines have kept, with the options of that time. */
export function rollBack(app: string, to: string | undefined, units: SeenUnit[]): Verb {
  return {
    title: `rollback ${app}${to === undefined ? '' : ` --to ${to}`}`,
    declare(before) {
      const { model } = before
      const application = requireApplication(model, app)
      const past = pastOf(app, to, units)
      const applications = { ...model.applications, [app]: { ...application, ...asItWas(application, past) } }
      return { ...before, model: { ...model, applications }, apps: [app] }
    },
  }
}

/** The last one that was left, of the first unit that has one; where an upgrade stopped in the middle, the one before it. */
function pastOf(app: string, to: string | undefined, units: SeenUnit[]): Past {
  const records = units.map(({ record }) => record).filter((record) => record.app === app)
  const all = records.flatMap(pastsOf)
  const found =
    to === undefined
      ? records.flatMap((record) => pastsOf(record).at(-1) ?? [])[0]
      : all.find(({ version }) => version === to)
  if (found) return found
  const versions = [...new Set(all.map(({ version }) => version))]
  throw new KcharmError('not-found', `${app}: no ${to ?? 'earlier version'} is kept on its machines`, {
    hint: versions.length > 0 ? `these are: ${versions.join(', ')}` : 'install it as another version: kcharm upgrade',
  })
}

function pastsOf(record: UnitRecord): Past[] {
  const { kept = [], open, version } = record
  return open !== undefined && version !== undefined ? [...kept, { ...record, version }] : kept
}

/** Where the bytes of a resource are is known of those that are still declared; the others are on the machines. */
function asItWas(
  { charm, resources: now }: Application,
  past: Past,
): Pick<Application, 'charm' | 'bundleOptions' | 'setOptions' | 'resources' | 'back'> {
  const wasSet = ([key]: [string, unknown]) => past.set.includes(key)
  const options = Object.entries(past.options)
  const known = Object.values(now)
  return {
    charm: past.charm ?? charm,
    back: past.version,
    bundleOptions: Object.fromEntries(options.filter((entry) => !wasSet(entry))),
    setOptions: Object.fromEntries(options.filter(wasSet)),
    resources: mapRecord(past.resources ?? {}, (_name, { name, sha256 }) => {
      return known.find((ref) => ref.sha256 === sha256) ?? { from: name, sha256 }
    }),
  }
}
