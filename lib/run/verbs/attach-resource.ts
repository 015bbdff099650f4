import type { CharmMeta } from '../../model/charm-meta.ts'
import { requireCharmOf } from '../../model/charm-of.ts'
import type { Lockfile } from '../../model/lockfile.ts'
import type { Verb } from '../verb.ts'
import { refuseUnknownResources, resourcesOf } from './deploy-terms.ts'
import { requireApplication } from './require-application.ts'

export interface Attached {
  /** By resource, where its bytes are. */
  files: Record<string, string>
  lock: Lockfile
}

/** `attach-resource APP NAME=FILE|URL…`: other bytes for a resource; those that a digest vouches for. */
export function attachResource(app: string, given: Attached, charms: Record<string, CharmMeta>): Verb {
  return {
    title: `attach-resource ${[app, ...Object.keys(given.files)].join(' ')}`,
    declare(before) {
      const { model } = before
      const application = requireApplication(model, app)
      const meta = requireCharmOf(application, charms)
      refuseUnknownResources(app, meta, given.files)
      // Other bytes have another digest: the one of before vouches for nothing.
      const kept = Object.entries(application.resources).filter(([name]) => !Object.hasOwn(given.files, name))
      const resources = { ...Object.fromEntries(kept), ...resourcesOf({}, given.files, given.lock) }
      const applications = { ...model.applications, [app]: { ...application, resources } }
      return { ...before, model: { ...model, applications }, apps: [app] }
    },
  }
}
