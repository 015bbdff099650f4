import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from './atomic-file.ts'

/** The model that commands work with unless they name one: the one that was switched to, or `default`. */
export function currentModel(root: string): string {
  try {
    return readFileSync(join(root, 'current'), 'utf8').trim() || DEFAULT
  } catch {
    return DEFAULT
  }
}

export async function chooseModel(root: string, name: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  await writeAtomically(join(root, 'current'), `${name}\n`)
}

const DEFAULT = 'default'
