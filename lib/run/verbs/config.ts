import { givenAnew } from '../../model/given-anew.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import { requireCharmOf } from '../../model/charm-of.ts'
import type { Application } from '../../model/declaration.ts'
import { checkOptionNames, optionsInForce, parseOptions } from '../../model/options.ts'
import type { Verb } from '../verb.ts'
import { requireApplication } from './require-application.ts'

/** `config APP key=value… --reset KEY`: what is set here outlasts a bundle that does not name it. */
export function configure(
  app: string,
  change: { set: Record<string, string>; reset: string[] },
  charms: Record<string, CharmMeta>,
): Verb {
  return {
    title: `config ${[app, ...Object.keys(change.set), ...change.reset.map((key) => `--reset ${key}`)].join(' ')}`,
    declare(before) {
      const { model } = before
      const application = requireApplication(model, app)
      const meta = requireCharmOf(application, charms)
      checkOptionNames(meta, change.reset)
      const keep = ([key]: [string, unknown]) => !change.reset.includes(key)
      const next: Application = {
        ...givenAnew(application),
        bundleOptions: Object.fromEntries(Object.entries(application.bundleOptions).filter(keep)),
        setOptions: {
          ...Object.fromEntries(Object.entries(application.setOptions).filter(keep)),
          ...parseOptions(meta, change.set),
        },
      }
      optionsInForce(meta, next)
      return { ...before, model: { ...model, applications: { ...model.applications, [app]: next } }, apps: [app] }
    },
  }
}
