import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import type { Charm } from '../lifecycle/charm.ts'
import type { Verb } from '../run/verb.ts'
import { deployBundle } from '../run/verbs/deploy-bundle.ts'
import { deployCharm } from '../run/verbs/deploy-charm.ts'
import { charms } from './charms.ts'
import { type DeployFlagged, deployTerms } from './deploy-flags.ts'
import { folderOf, readBundle, readLockfile } from './read-files.ts'
import { loadedCharm, requireCharm } from './require-charm.ts'

export interface DeployWish extends DeployFlagged {
  to?: string[] | undefined
  name?: string | undefined
  prune: boolean
}

/** What `deploy WHAT` means: a charm by its name or its folder, else a bundle's file. */
export async function deployVerb(what: string, flags: DeployWish): Promise<Verb> {
  if (isFolder(what)) return await charmVerb(await loadedCharm(what), { ...flags, path: resolve(what) })
  if (isFile(what)) return await bundleVerb(what, flags)
  return await charmVerb(requireCharm(what, 'a bundle is given by its file: kcharm deploy ./bundle.yaml'), flags)
}

export async function bundleVerb(file: string, flags: DeployWish): Promise<Verb> {
  if (flags.to || flags.name) {
    throw new KcharmError('usage', '--to and --name are for a charm; a bundle says both itself')
  }
  const bundle = await readBundle(file, charms, flags.overlay)
  const apps = Object.keys(bundle.applications)
  const terms = await deployTerms(flags, apps.length === 1 ? apps[0] : undefined)
  const lock = await readLockfile(folderOf(file))
  return deployBundle(bundle, { ...terms, lock, prune: flags.prune }, charms)
}

async function charmVerb(charm: Charm, flags: DeployWish & { path?: string }): Promise<Verb> {
  if (flags.overlay) throw new KcharmError('usage', '--overlay is for a bundle')
  if (flags.prune) throw new KcharmError('usage', '--prune is for a bundle: a charm’s deploy takes nothing away')
  const app = flags.name ?? charm.name
  const terms = await deployTerms(flags, app)
  const { path } = flags
  const from = path === undefined ? {} : { path }
  return deployCharm(charm, { ...terms, ...from, app, to: flags.to ?? [], lock: await readLockfile('.') }, charms)
}

function isFolder(what: string): boolean {
  return statSync(what, { throwIfNoEntry: false })?.isDirectory() === true && (what.includes('/') || what === '.')
}

function isFile(what: string): boolean {
  return what.includes('/') || /\.ya?ml$/i.test(what)
}
