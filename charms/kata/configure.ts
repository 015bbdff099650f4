import { KcharmError } from '../../lib/errors/index.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { path } from '../../lib/host/shell.ts'
import type { Reading, View } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import { type OwnConfig, partsOf, renderWrapper, settingFaults, wrapperOf } from './settings.ts'
import { type Leaves, readLeaves, renderLeaves, setLeaves } from './toml.ts'

/** Files of one shim's own configuration. `fresh`: the shim has none yet, so nothing that runs is of an older one. */
export function configObjects(
  config: Config,
  own: OwnConfig,
  given: { shipped(): string; fresh: boolean },
): HostObject[] {
  const text = () => checked(config, own, given.shipped())
  const file = (name: string, make: (text: string) => string, intent: string): HostObject => ({
    kind: 'file',
    path: name,
    text: () => make(text()),
    intent,
    ...(given.fresh ? {} : { why: 'for new sandboxes; those that run keep what they started with' }),
  })
  const parts = Object.entries(partsOf(config, own))
  const wrapper = wrapperOf(config, own)
  const drops = own.drops ? parts : []
  return [
    { kind: 'directory', path: `${config.prefix}-config` },
    { kind: 'directory', path: own.folder },
    ...(wrapper === undefined
      ? []
      : [
          {
            ...file(wrapper, (base) => renderWrapper(own.base, leaves(base, own)), 'QEMU at its new place'),
            mode: '0755',
          } as HostObject,
        ]),
    file(own.main, (base) => (own.drops ? base : complete(config, own, base)), `${own.shipped}, copied`),
    ...(own.drops ? [{ kind: 'directory', path: `${own.folder}/config.d` } as const] : []),
    ...drops.map(([name, part]) =>
      file(
        `${own.folder}/config.d/${name}`,
        (base) => HEAD + renderLeaves(part(leaves(base, own))),
        intentOf(config, own, name),
      ),
    ),
  ]
}

/**
 * The configuration as it was unpacked, empty when it is not there. `settled`: its tree is on the machine and stays as it is, so
 * nothing that a plan does before can change it.
 */
export function shippedConfig(own: OwnConfig, settled: boolean): Reading<string> {
  return {
    key: `kata:shipped:${own.shipped}`,
    lasting: settled ? 'fact' : 'effect',
    script: `[ ! -f ${path(own.shipped)} ] || base64 ${path(own.shipped)}`,
    parse: (frame) => Buffer.from(frame, 'base64').toString('utf8'),
  }
}

/** `settled` where it is another's, or the tree was there before and no change of this run is about it. */
export function readShipped(
  view: View,
  own: OwnConfig,
  tree: { held: boolean; key: string } | undefined,
): Reading<string> {
  return shippedConfig(own, tree === undefined || (tree.held && !view.touched(tree.key)))
}

const HEAD = '# Written by kcharm.\n'

function leaves(text: string, own: OwnConfig): Leaves {
  return readLeaves(text, own.shipped)
}

/** All settings in one file, for a runtime that reads no config.d. */
function complete(config: Config, own: OwnConfig, text: string): string {
  const base = leaves(text, own)
  const mine = Object.values(partsOf(config, own)).map((part) => part(base))
  return `# Written by kcharm from ${own.shipped}: this version merges no config.d.\n${mine.reduce(setLeaves, text)}`
}

function checked(config: Config, own: OwnConfig, text: string): string {
  if (text === '') throw new KcharmError('unit-failed', `${own.shipped} is missing from the archive`)
  const [fault] = settingFaults(config, own, text)
  if (fault !== undefined) throw new KcharmError('invalid-option', fault.why, { hint: fault.mend })
  return text
}

function intentOf(config: Config, own: OwnConfig, name: string): string {
  if (name !== '50-settings.toml') return name.replace(/^\d+-|\.toml$/g, '')
  const pairs = Object.entries(config.settings[own.shim] ?? {})
  return pairs.map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join(', ')
}
