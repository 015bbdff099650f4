import type { Application, ResourceRef } from '../../model/declaration.ts'
import { mapRecord } from '../../model/map-record.ts'
import type { RememberedInventory } from '../../state/stored-model.ts'
import type { Verb } from '../verb.ts'

/**
 * `adopt BUNDLE`: what the machines' manifests say, and nothing else, is declared. The bundle and the inventory say only which
 * machines to ask, where the bytes of known digests are, and what a later bundle may let vanish.
 */
export function adoptModel({ bundle, inventory }: { bundle?: Verb; inventory?: RememberedInventory }): Verb {
  return {
    title: 'adopt',
    restores: 'from machines',
    declare(before) {
      const given = bundle?.declare(before)
      const listed = Object.fromEntries((inventory?.machines ?? []).map((machine) => [machine.name, machine]))
      const machines = { ...listed, ...given?.model.machines }
      const applications = mapRecord(before.model.applications, (name, app): Application => {
        const named = given?.model.applications[name]
        const known = Object.values(named?.resources ?? {})
        const path = named?.charm === app.charm ? named.path : undefined
        return {
          ...app,
          ...(path === undefined ? {} : { path }),
          resources: mapRecord(app.resources, (_name, ref) => located(ref, known)),
        }
      })
      return {
        model: { ...before.model, applications, machines },
        ...(given?.bundle ? { bundle: given.bundle } : {}),
        ...(inventory ? { inventory } : {}),
      }
    },
  }
}

function located(ref: ResourceRef, known: ResourceRef[]): ResourceRef {
  return known.find(({ sha256 }) => sha256 !== undefined && sha256 === ref.sha256) ?? ref
}
