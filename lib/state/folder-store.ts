import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from './atomic-file.ts'
import { journalFile } from './journal-file.ts'
import { breakClaim, holderOf, lockFolder } from './lock-files.ts'
import type { ModelStore } from './store.ts'
import { parseStoredModel } from './stored-model.ts'

/** Models in folders `ROOT/models/NAME` of the operator's own machine. `mask` hides secrets in what the journal keeps. */
export function folderStore(root: string, mask: <T>(value: T) => T = (value) => value): ModelStore {
  const folder = (name: string) => join(root, 'models', name)
  const modelFile = (name: string) => join(folder(name), 'model.json')
  return {
    where: folder,
    async read(name) {
      const text = await readFile(modelFile(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      return text === undefined ? undefined : parseStoredModel(text, modelFile(name))
    },
    async write(stored) {
      await mkdir(folder(stored.model.name), { recursive: true, mode: 0o700 })
      await writeAtomically(modelFile(stored.model.name), `${JSON.stringify(stored, undefined, 1)}\n`)
    },
    lock: (name, holder) => lockFolder(folder(name), { name, holder }),
    holder: (name) => holderOf(folder(name)),
    breakLock: (name, holder) => breakClaim(folder(name), holder),
    journal: (name) => journalFile(join(folder(name), 'journal.jsonl'), mask),
    async list() {
      const names = await readdir(join(root, 'models')).catch(() => [])
      return names.filter((name) => existsSync(modelFile(name))).sort()
    },
    async forget(name) {
      await rm(folder(name), { recursive: true, force: true })
    },
  }
}
