import type { Verb } from '../verb.ts'
import { requireApplication } from './require-application.ts'

/** `prune-versions APP`: what its units have kept of earlier versions goes, but for those that something runs from. */
export function pruneVersions(app: string): Verb {
  return {
    title: `prune-versions ${app}`,
    declare(before) {
      requireApplication(before.model, app)
      return { ...before, apps: [app], prunes: [app] }
    },
  }
}
