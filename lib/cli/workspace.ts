import { hostname, userInfo } from 'node:os'
import { KcharmError } from '../errors/index.ts'
import { terminalAsker } from './ask.ts'
import type { LifeEvent, StepProgress } from '../lifecycle/events.ts'
import { charms } from './charms.ts'
import { loadCharmsOf } from './charms-of-model.ts'
import { machineName } from '../model/names.ts'
import { maskValue } from '../report/mask.ts'
import { type Progress, progressOn } from '../report/progress.ts'
import { harmless } from '../report/terminal-text.ts'
import { type Deadlines, stepsWithin } from '../run/deadlines.ts'
import { machineOpener } from '../run/open-machine.ts'
import { blobProvider } from '../run/provide-blob.ts'
import { secretReader } from '../run/read-secret.ts'
import { ENDLESS, runTime } from '../run/run-time.ts'
import type { Workspace } from '../run/workspace.ts'
import { currentModel } from '../state/current-model.ts'
import { folderStore } from '../state/folder-store.ts'
import { stateFolder } from '../state/places.ts'

/** What every command with a model is told; `timeout`: seconds. */
interface ModelFlags {
  model?: string | undefined
  timeout?: number | undefined
}

/** The operator's own machine as a workspace: its state folder, its SSH, its terminal. `end` gives the terminal back. */
export function openWorkspace({ model: named, timeout }: ModelFlags, verb: string): Workspace & { end(): void } {
  const model = named ?? currentModel(stateFolder())
  if (!machineName.safeParse(model).success) {
    throw new KcharmError(
      'usage',
      `${JSON.stringify(model)} is no name for a model: expected letters, digits, dots and hyphens`,
    )
  }
  const time = timeout === undefined ? ENDLESS : runTime(timeout)
  const ask = terminalAsker(time)
  const progress = lazily(() => progressOn(process.stderr))
  return {
    store: folderStore(stateFolder(), maskValue),
    name: model,
    charms,
    holder: `${userInfo().username}@${hostname()} (kcharm ${verb}, process ${process.pid})`,
    open: machineOpener({ say: (line) => process.stderr.write(`${harmless(line)}\n`), time, ...(ask ? { ask } : {}) }),
    recall: loadCharmsOf,
    provideBlob: blobProvider(),
    secret: secretReader(process.env, ask, time),
    time,
    deadlines: deadlinesIn(process.env),
    say: (line) => progress.get().say(line),
    follow: (machine: string, event: LifeEvent | StepProgress) => progress.get().event(machine, event),
    end: () => progress.end(),
  }
}

/** KCHARM_PATIENCE: seconds that others may hold a package manager. KCHARM_DEADLINE: no step may take more seconds than that. */
function deadlinesIn(env: NodeJS.ProcessEnv): Deadlines {
  const [patience, most] = ['KCHARM_PATIENCE', 'KCHARM_DEADLINE'].map((name) => secondsIn(env, name))
  return { ...stepsWithin(most ?? Infinity), ...(patience === undefined ? {} : { others: patience }) }
}

function secondsIn(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name]
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Number(text)
  throw new KcharmError('usage', `${name} is ${JSON.stringify(text)}: expected seconds`)
}

/** Nothing is drawn before the first event. */
function lazily(make: () => Progress) {
  let made: Progress | undefined
  return { get: () => (made ??= make()), end: () => made?.end() }
}
