import { hostname, userInfo } from 'node:os'
import { charms } from '../../charms/index.ts'
import { KcharmError } from '../errors/index.ts'
import { terminalAsker } from './ask.ts'
import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import { machineName } from '../model/names.ts'
import { maskValue } from '../report/mask.ts'
import { type Progress, progressOn } from '../report/progress.ts'
import { harmless } from '../report/terminal-text.ts'
import { machineOpener } from '../run/open-machine.ts'
import { blobProvider } from '../run/provide-blob.ts'
import { secretReader } from '../run/read-secret.ts'
import type { Workspace } from '../run/workspace.ts'
import { currentModel } from '../state/current-model.ts'
import { folderStore } from '../state/folder-store.ts'
import { stateFolder } from '../state/places.ts'

/** The operator's own machine as a workspace: its state folder, its SSH, its terminal. `end` gives the terminal back. */
export function openWorkspace(named: string | undefined, verb: string): Workspace & { end(): void } {
  const model = named ?? currentModel(stateFolder())
  if (!machineName.safeParse(model).success) {
    throw new KcharmError(
      'usage',
      `${JSON.stringify(model)} is no name for a model: expected letters, digits, dots and hyphens`,
    )
  }
  const ask = terminalAsker()
  const progress = lazily(() => progressOn(process.stderr))
  return {
    store: folderStore(stateFolder(), maskValue),
    name: model,
    charms,
    holder: `${userInfo().username}@${hostname()} (kcharm ${verb}, process ${process.pid})`,
    open: machineOpener({ say: (line) => process.stderr.write(`${harmless(line)}\n`), ...(ask ? { ask } : {}) }),
    provideBlob: blobProvider(),
    secret: secretReader(process.env),
    patienceMs: patience(process.env['KCHARM_PATIENCE']) * 1000,
    follow: (machine: string, event: LifeEvent | StepProgress) => progress.get().event(machine, event),
    end: () => progress.end(),
  }
}

/** Seconds that others may hold a machine's package manager before a unit gives up. */
function patience(text = '300'): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new KcharmError('usage', `KCHARM_PATIENCE is ${JSON.stringify(text)}: expected seconds`)
}

/** Nothing is drawn before the first event. */
function lazily(make: () => Progress) {
  let made: Progress | undefined
  return { get: () => (made ??= make()), end: () => made?.end() }
}
