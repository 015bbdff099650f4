import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Source {
  /** From the root of the project, with slashes. */
  path: string
  text: string
}

export const ROOT = resolve(import.meta.dirname, '../..')

/** What .gitignore names, and git itself. */
const NOT_OURS = /^(\.git|node_modules|dist|oclif\.manifest\.json|.*\.log)$/

/** Every file of the project that is kept. */
export function readSources(folder = ''): Source[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.test(entry.name)) return []
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return readSources(path)
    return [{ path, text: readFileSync(join(ROOT, path), 'utf8') }]
  })
}
