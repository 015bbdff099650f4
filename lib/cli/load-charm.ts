import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as zod from 'zod'
import { charms as builtIn } from '../../charms/index.ts'
import { KcharmError } from '../errors/index.ts'
import * as library from '../index.ts'
import { type Charm, isCharm } from '../lifecycle/charm.ts'
import { charmFaults } from '../lifecycle/charm-faults.ts'
import { charmKey } from '../model/charm-of.ts'
import { charmsFolder, keepCharm, keptCharm, readCharmFiles } from '../state/charm-files.ts'
import { stateFolder } from '../state/places.ts'
import { faultOfModule } from './charm-error.ts'
import { charms } from './charms.ts'
import { importModule } from './import-module.ts'

/**
 * The charm in a folder of the operator's, which is kept as it is now. Throws `not-found`, and `invalid-charm` with the place
 * of what is wrong.
 */
export async function loadCharm(folder: string): Promise<Charm> {
  const path = resolve(folder)
  const read = await readCharmFiles(path)
  const module = await keepCharm(stateFolder(), read)
  return await take(module, { path, revision: read.revision })
}

/** A revision that was kept. Gone, or no charm any more: it stays unknown, and who needs it says so. */
export async function loadKept(key: string): Promise<void> {
  const revision = /^[a-z0-9-]+@([0-9a-f]{16})$/.exec(key)?.[1]
  if (revision === undefined || Object.hasOwn(charms, key)) return
  const path = keptCharm(stateFolder(), revision)
  if (!existsSync(path)) return
  await loadFrom(path).catch(() => undefined)
}

async function loadFrom(path: string): Promise<void> {
  const { entry, revision } = await readCharmFiles(path)
  await take(join(path, entry), { path, revision })
}

interface Origin {
  /** Where the operator has the folder. */
  path: string
  revision: string
}

async function take(module: string, origin: Origin): Promise<Charm> {
  const home = keptCharm(stateFolder(), origin.revision)
  Object.assign(globalThis, { [Symbol.for('kcharm')]: { library, zod } })
  const { default: found } = await importModule(pathToFileURL(module).href, charmsFolder(stateFolder())).catch(
    (error: unknown) => {
      throw faultOfModule(error, { from: home, to: origin.path })
    },
  )
  const place = module.replace(home, origin.path)
  if (!isCharm(found)) throw refused(place, ['expected a default export that defineCharm of kcharm made'])
  const charm = { ...found, revision: origin.revision }
  const clash = Object.hasOwn(builtIn, charm.name) ? [`the name ${charm.name} is that of a charm of kcharm`] : []
  const faults = [...clash, ...charmFaults(charm)]
  if (faults.length > 0) throw refused(place, faults)
  return (charms[charmKey(charm)] ??= charm)
}

function refused(place: string, faults: string[]): KcharmError {
  const [first = '', ...more] = faults
  if (more.length === 0) return new KcharmError('invalid-charm', `${place}: ${first}`)
  return new KcharmError('invalid-charm', `${place}: ${faults.length} faults`, { faults })
}
