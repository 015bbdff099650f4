import './plain-zod.ts'
import { execute } from '@oclif/core/execute'
import { settings } from '@oclif/core/settings'
import { KcharmError } from '../errors/index.ts'
import { problemText } from '../model/faults.ts'
import { type ImportModule, importWith } from './import-module.ts'
import { leave, leaveOnInterrupt } from './interrupt.ts'

/** Runs one command line. `dir`: a folder of the package. */
export async function run(dir: string, importModule: ImportModule): Promise<void> {
  importWith(importModule)
  settings.enableAutoTranspile = false
  leaveOnInterrupt()
  await execute({ dir })
}

/** The framework's hook for a command that there is not. It takes all words up to the first flag for its name. */
export async function unknownCommand({ id, config }: { id: string; config: { commandIDs: string[] } }): Promise<void> {
  const [first = '', ...rest] = id.split(':')
  const { JUJU_ONLY } = await import('./juju-only.ts')
  const elsewhere = JUJU_ONLY[first]
  if (elsewhere !== undefined) {
    leave(new KcharmError('usage', `kcharm has no ${first}: ${elsewhere.why}`, { hint: elsewhere.instead }))
  }
  const known = config.commandIDs.map((name) => name.split(':'))
  const isTopic = known.some(([topic]) => topic === first)
  const word = isTopic ? [first, ...rest.slice(0, 1)].join(' ') : first
  const among = [...new Set(known.map((words) => (isTopic ? words.join(' ') : (words[0] ?? ''))))].sort()
  const message = problemText({ path: [], what: `there is no command ${word}`, meant: { word, among } })
  leave(new KcharmError('usage', message, { hint: 'kcharm --help shows them all' }))
}
