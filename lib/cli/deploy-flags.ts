import { resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { KcharmError } from '../errors/index.ts'
import { changeFlags } from './change-flags.ts'
import { rolloutFlags } from './rollout-flags.ts'
import { readInventory } from './read-files.ts'
import type { DeployTerms } from '../run/verbs/deploy-terms.ts'

/** What says where and with what to deploy; of `deploy` and `plan`. */
export const deployFlags = {
  inventory: Flags.string({ char: 'i', summary: 'the machines and how to reach them; remembered', helpValue: 'FILE' }),
  machine: Flags.string({
    summary: 'binds a machine of the bundle, to one of the inventory or [USER@]HOST[:PORT]',
    helpValue: 'ID=ADDRESS',
    multiple: true,
    multipleNonGreedy: true,
  }),
  resource: Flags.string({
    summary: 'the file or URL of a resource',
    helpValue: 'APP:NAME=PATH',
    multiple: true,
    multipleNonGreedy: true,
  }),
  config: Flags.string({
    summary: 'sets an option, as kcharm config does; with a charm APP: may be left out',
    helpValue: '[APP:]KEY=VALUE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  overlay: Flags.string({
    summary: 'a file that is laid over the bundle; several in this order',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  to: Flags.string({
    summary: 'where a charm’s units go: all, tag=NAME, VARIABLE=VALUE or a machine (a bundle says it itself)',
    helpValue: 'TARGET',
    multiple: true,
    multipleNonGreedy: true,
  }),
  name: Flags.string({ summary: 'another name for a charm’s application', helpValue: 'APP' }),
  prune: Flags.boolean({ summary: 'remove what is no longer in the bundle' }),
}

export const fullDeployFlags = { ...deployFlags, ...rolloutFlags, ...changeFlags }

export interface DeployFlagged {
  inventory?: string | undefined
  machine?: string[] | undefined
  resource?: string[] | undefined
  config?: string[] | undefined
  overlay?: string[] | undefined
}

/** Reads the flags, and the inventory that they name. `app`: whose option a bare KEY=VALUE sets. */
export async function deployTerms(flags: DeployFlagged, app?: string): Promise<Omit<DeployTerms, 'lock'>> {
  const inventory = flags.inventory === undefined ? {} : { inventory: await readInventory(resolve(flags.inventory)) }
  return {
    ...inventory,
    bind: Object.fromEntries((flags.machine ?? []).map((text) => pair('--machine', text, 'ID=ADDRESS'))),
    resources: byApplication(
      (flags.resource ?? []).map((text) => addressed('--resource', text, undefined)),
      located,
    ),
    options: byApplication(
      (flags.config ?? []).map((text) => addressed('--config', text, app)),
      (value) => value,
    ),
  }
}

/** `key=value`; the value may hold more equals signs. Throws `usage`. */
export function pair(flag: string, text: string, expected: string): [string, string] {
  const cut = text.indexOf('=')
  if (cut > 0) return [text.slice(0, cut), text.slice(cut + 1)]
  throw new KcharmError('usage', `${flag} ${JSON.stringify(text.slice(0, 40))}: expected ${expected}`)
}

/** `NAME=FILE|URL`, each with its whole path. Throws `usage`, also when there is none. */
export function locatedPairs(texts: string[]): Record<string, string> {
  if (texts.length === 0) throw new KcharmError('usage', 'expected NAME=FILE or NAME=URL')
  return Object.fromEntries(
    texts.map((text) => {
      const [name, from] = pair('resource', text, 'NAME=FILE or NAME=URL')
      return [name, located(from)]
    }),
  )
}

type Addressed = [app: string, key: string, value: string]

function addressed(flag: string, text: string, app: string | undefined): Addressed {
  const expected = app === undefined ? 'APP:NAME=VALUE' : '[APP:]NAME=VALUE'
  const [left, value] = pair(flag, text, expected)
  const colon = left.indexOf(':')
  if (colon > 0) return [left.slice(0, colon), left.slice(colon + 1), value]
  if (app !== undefined) return [app, left, value]
  throw new KcharmError('usage', `${flag} ${left}: expected ${expected}`)
}

function byApplication(all: Addressed[], meaning: (value: string) => string): Record<string, Record<string, string>> {
  const apps: Record<string, Record<string, string>> = {}
  for (const [app, key, value] of all) apps[app] = { ...apps[app], [key]: meaning(value) }
  return apps
}

function located(value: string): string {
  return /^https?:\/\//i.test(value) ? value : resolve(value)
}
