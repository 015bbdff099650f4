import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The model that commands work with unless they name one: the one that was switched to, or `default`. */
export function currentModel(root: string): string {
  try {
    return readFileSync(join(root, 'current'), 'utf8').trim() || DEFAULT
  } catch {
    return DEFAULT
  }
}

export function chooseModel(root: string, name: string): void {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const fresh = join(root, `current.${process.pid}`)
  writeFileSync(fresh, `${name}\n`, { mode: 0o600 })
  renameSync(fresh, join(root, 'current'))
}

const DEFAULT = 'default'
