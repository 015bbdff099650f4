import { givenAnew } from '../../model/given-anew.ts'
import { KcharmError } from '../../errors/index.ts'
import type { CharmMeta } from '../../model/charm-meta.ts'
import { charmKey, isSameCharm, requireCharmOf } from '../../model/charm-of.ts'
import type { Application } from '../../model/declaration.ts'
import { optionsInForce, parseOptions } from '../../model/options.ts'
import type { Verb } from '../verb.ts'
import { attachResource, type Attached } from './attach-resource.ts'
import { requireApplication } from './require-application.ts'

/** `upgrade APP [--to VERSION] [--path CHARM] [--resource NAME=FILE]`: another version, or another charm, also one that was refused before. */
export function upgrade(
  app: string,
  { to, path, ...attached }: Attached & { to?: string; path?: { folder: string; charm: CharmMeta } },
  charms: Record<string, CharmMeta>,
): Verb {
  const withFiles = Object.keys(attached.files).length > 0 ? attachResource(app, attached, charms) : undefined
  return {
    title: `upgrade ${[app, ...(to === undefined ? [] : ['--to', to]), ...(path ? ['--path', charmKey(path.charm)] : []), ...Object.keys(attached.files)].join(' ')}`,
    declare(before) {
      const { model, ...rest } = withFiles?.declare(before) ?? before
      const declared = requireApplication(model, app)
      const application = path ? { ...declared, ...otherCharm(declared, path) } : declared
      const meta = requireCharmOf(application, charms)
      const version = to === undefined ? {} : parseOptions(meta, { version: to })
      const next = { ...givenAnew(application), setOptions: { ...application.setOptions, ...version } }
      optionsInForce(meta, next)
      const applications = { ...model.applications, [app]: next }
      return { ...rest, model: { ...model, applications }, apps: [app], retries: [app] }
    },
  }
}

/** Throws `usage` for what is not another revision of the same charm. */
function otherCharm(
  { name, charm: before }: Application,
  { folder, charm }: { folder: string; charm: CharmMeta },
): Pick<Application, 'charm' | 'path'> {
  const key = charmKey(charm)
  if (isSameCharm(before, key)) return { charm: key, path: folder }
  throw new KcharmError('usage', `application ${name} runs the charm ${before}; in ${folder} lies ${key}`, {
    hint: 'expected a folder with another revision of the same charm',
  })
}
