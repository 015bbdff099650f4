import type { Setting, SettingValue } from './toml/index.ts'
import { isTable, parseToml, type Table } from './toml/parse.ts'

/** The settings of the option `extra`. */
export function extraSettings(extra: Record<string, SettingValue>): Setting[] {
  return Object.entries(extra).map(([key, value]) => ({ path: pathOf(key) ?? [key], value }))
}

/** Why a key of `extra` is refused, or nothing. */
export function extraFault(key: string): string | undefined {
  const path = pathOf(key)
  if (path === undefined || path.length < 2) return 'expected the path of a key in a table, such as plugins."ID".key'
  if (path.some((part) => SECRET.test(part))) return 'credentials go into the option registries'
  return undefined
}

/** containerd's own names for credentials, in its registry tables. */
const SECRET = /^(auths?|password|identitytoken|registrytoken|header)$/i

function pathOf(key: string): string[] | undefined {
  try {
    return onlyPath(parseToml(`${key} = 0`, key))
  } catch {
    return undefined
  }
}

function onlyPath(table: Table): string[] | undefined {
  const [[key, value] = ['', undefined], ...others] = Object.entries(table)
  if (others.length > 0) return undefined
  if (value === 0) return [key]
  const below = isTable(value) ? onlyPath(value) : undefined
  return below && [key, ...below]
}
