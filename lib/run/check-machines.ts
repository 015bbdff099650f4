import type { KcharmError } from '../errors/index.ts'
import { path } from '../host/shell.ts'
import type { Machine } from '../model/declaration.ts'
import { clockFault, clockOffset } from './clock.ts'
import { DEADLINES } from './deadlines.ts'
import { machineError } from './fleet.ts'
import type { OpenMachine } from './workspace.ts'

/** What a login on a machine showed, or why there was none. */
export interface MachineCheck {
  machine: string
  /** `root`, or who it is that could not become root. */
  user?: string
  /** `Debian GNU/Linux 13 (trixie), 6.12.0, x86_64`. */
  system?: string
  /** Seconds that its clock is ahead of this machine's; negative: behind. */
  clock?: number
  /** Free MiB where kcharm and packages put things. */
  free?: number
  /** What would stop a deploy, or make it fail later; each with what mends it. */
  faults: string[]
  error?: KcharmError
}

/** Logs in on all machines as a deploy would, and looks at what every deploy needs. Changes nothing. */
export async function checkMachines(open: OpenMachine, machines: Machine[]): Promise<MachineCheck[]> {
  await open.prepare?.(machines)
  return await Promise.all(machines.map((machine) => checkMachine(open, machine)))
}

async function checkMachine(open: OpenMachine, machine: Machine): Promise<MachineCheck> {
  try {
    const session = await open(machine)
    try {
      const asked = Date.now() / 1000
      const { stdout } = await session.run(SCRIPT, { deadlineMs: DEADLINES.reading * 1000 })
      return judged(machine.name, stdout, { asked, heard: Date.now() / 1000 })
    } finally {
      await session.close()
    }
  } catch (thrown) {
    return { machine: machine.name, faults: [], error: machineError(thrown, machine.name) }
  }
}

const SCRIPT = [
  'echo "user $(id -un 2>/dev/null || id -u)"',
  'echo "uid ${R:+0}$(id -u)"',
  `echo "system $( . ${path('/etc/os-release')} 2>/dev/null; echo "\${PRETTY_NAME:-unknown}"), $(uname -r), $(uname -m)"`,
  'echo "clock $(date +%s)"',
  `echo "free $(df -Pk ${path('/var/lib')} 2>/dev/null | tail -n 1 | { read -r _ _ _ free _; echo "$free"; })"`,
  'for program in flock tar base64 sha256sum; do command -v "$program" >/dev/null || echo "lacks $program"; done',
].join('\n')

const LITTLE_MIB = 2048

function judged(machine: string, stdout: string, when: { asked: number; heard: number }): MachineCheck {
  const said = (word: string): string[] =>
    stdout.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  const [user = ''] = said('user')
  const clock = clockOffset(Number(said('clock')[0]), when)
  const off = clockFault(clock)
  const free = Math.floor(Number(said('free')[0]) / 1024)
  const isRoot = /^0/.test(said('uid')[0] ?? '')
  const lacking = said('lacks')
  return {
    machine,
    user,
    system: said('system')[0] ?? 'unknown',
    clock,
    free,
    faults: [
      ...(isRoot ? [] : [`${user} is not root there: set sudo: nopasswd or password in the inventory`]),
      ...(off === undefined ? [] : [off]),
      ...(free < LITTLE_MIB ? [`only ${free} MiB are free in /var/lib: make room`] : []),
      ...(lacking.length > 0 ? [`it lacks ${lacking.join(', ')}: install ${lacking.length > 1 ? 'them' : 'it'}`] : []),
    ],
  }
}
