import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { layStandIns } from '../../lib/lab/rootless/lay-stand-ins.ts'
import { makeTree } from '../../lib/lab/rootless/tree.ts'
import type { Change } from '../../lib/host/kind.ts'
import { holds, type HostObject, planObject, undoerOf } from '../../lib/host/objects.ts'
import { READING_PRELUDE, WRITING_PRELUDE } from '../../lib/host/prelude.ts'
import { quote } from '../../lib/host/shell.ts'
import { parseReadings, renderReadings, renderStep, type Step } from '../../lib/host/step.ts'
import type { Cell, Key, Reading, View } from '../../lib/host/view.ts'
import { surroundings, type Surroundings } from '../ssh/shells.ts'
import { workspace } from '../ssh/workspace.ts'

export interface Said {
  status: number
  stdout: string
  stderr: string
}

/** A file tree with the stand-ins of a system, and a real shell that runs scripts on it, as a session on a node does. */
export interface TestMachine {
  root: string
  /** What is there is read when it is asked for; `touched` knows what `carry` has changed. */
  view: View
  sh(script: string): Said
  read<T>(reading: Reading<T>): { frame: string; value: T }
  /** Carries out a change as a run does; gives the exit status and what was said. */
  carry(change: Change, step?: Partial<Step>): Said
  /** Makes the object true; throws when a step fails or the machine then shows something else. */
  make(object: HostObject): Change | undefined
  /** Puts a cell back; throws as `make`. */
  undo(change: Change): void
}

export async function testMachine(name: Surroundings = 'dash'): Promise<TestMachine> {
  const folder = workspace()
  const root = join(folder, 'root')
  mkdirSync(root)
  await makeTree(root)
  const bin = await layStandIns(folder, 'trixie')
  const env = { R: root, KCHARM_ROOT: root, PATH: `${bin}:${surroundings(name, folder)}`, LC_ALL: 'C', HOME: root }
  // Debian's busybox runs its own applets before it looks into PATH.
  const reachable = name.startsWith('busybox') ? `modprobe() { ${quote(join(bin, 'modprobe'))} "$@"; }\n` : ''
  const sh = (script: string): Said => {
    const input = `umask 077\n${reachable}(eval ${quote(script)}) </dev/null\n`
    const { status, stdout, stderr } = spawnSync('sh', ['-s'], { env, cwd: root, input, encoding: 'utf8' })
    return { status: status ?? 128, stdout, stderr }
  }
  return machineOn(root, sh)
}

const MARKER = '0123456789abcdef'

/** The same on a machine whose shell `sh` is. */
export function machineOn(root: string, sh: (script: string) => Said): TestMachine {
  const touched = new Set<Key>()
  const read = <T>(reading: Reading<T>) => {
    const { stdout } = sh(`${READING_PRELUDE}\n${renderReadings([reading], MARKER)}`)
    const frame = parseReadings(stdout, MARKER).get(0)
    if (frame === undefined) throw new Error(`no frame for ${reading.key}: ${stdout}`)
    return { frame, value: reading.parse(frame) }
  }
  const peek = <T>(reading: Reading<T>): T => read(reading).value
  const view: View = { peek, read: peek, touched: (key) => touched.has(key) }
  const carry = (change: Change, step: Partial<Step> = {}): Said => {
    const { undoer, name } = undoerOf(change.key)
    const reading = undoer.reading(name, change.reads ?? [])
    const expected = change.key.startsWith('svc:') ? {} : { expected: read(reading).frame }
    const script = renderStep({
      reading,
      ...expected,
      intent: [],
      done: [],
      body: change.script,
      marker: MARKER,
      ...step,
    })
    for (const key of [change.key, ...Object.keys(change.sides)]) touched.add(key)
    return sh(`${READING_PRELUDE}${WRITING_PRELUDE}\n${script}`)
  }
  const sure = (change: Change): void => {
    const { undoer, name } = undoerOf(change.key)
    const said = carry(change)
    if (said.status !== 0) throw new Error(`${change.verb}: ${said.status} ${said.stderr}`)
    const frame = parseReadings(said.stdout, MARKER).get(0) ?? ''
    const have = undoer.reading(name, change.reads ?? []).parse(frame)
    if (!holds(change.key, change.after as Cell, have)) throw new Error(`${change.verb}: the machine shows ${frame}`)
  }
  return {
    root,
    view,
    sh,
    read,
    carry,
    make(object) {
      const change = planObject(object, view)
      if (change) sure(change)
      return change
    },
    undo(change) {
      const { undoer, name } = undoerOf(change.key)
      const script = undoer.restore(name, change.before, change.after as Cell)
      sure({ ...change, before: change.after as Cell, after: change.before, script })
    },
  }
}
