import { LOCK, path, RUN } from '../host/shell.ts'
import { DEADLINES } from './deadlines.ts'
import type { NodeSession } from './node-session.ts'

/** Who holds a machine. */
export interface MachineHolder {
  /** As it calls itself: `alice@laptop (kcharm deploy, process 17)`. */
  holder: string
  /** ISO time by the machine's clock. */
  since: string
  /** The session's process on the machine; nothing when that has ended and a step of it goes on. */
  session?: number
  /** Processes there that belong to the step which runs now; none between two steps. */
  step: number[]
}

const DEADLINE_MS = DEADLINES.reading * 1000

/** Looks, and takes no lock. */
export async function readMachineHolder(session: NodeSession): Promise<MachineHolder | undefined> {
  const { stdout } = await session.run(SHOW, { deadlineMs: DEADLINE_MS })
  const [holder = '', since = '', ...processes] = stdout.trimEnd().split('\n')
  if (holder === '' || !/^\d{1,12}$/.test(since)) return undefined
  const numbers = (word: string) =>
    processes.flatMap((line) => (new RegExp(`^${word} \\d{1,9}$`).test(line) ? [Number(line.split(' ')[1])] : []))
  const [own] = numbers('session')
  return {
    holder,
    since: new Date(Number(since) * 1000).toISOString(),
    ...(own === undefined ? {} : { session: own }),
    step: numbers('step'),
  }
}

/** Ends this session unless a step of it runs at that moment. */
export async function endSession(session: NodeSession, pid: number): Promise<void> {
  await session.run(endScript(pid), { deadlineMs: DEADLINE_MS })
}

/** Everything that a step starts holds the lock's descriptor 9, as its session does; see the session's own part. */
const PROCESSES = `
kcharm_processes() {
  { IFS= read -r _; read -r own; } <${path(LOCK)}
  for at in /proc/[0-9]*; do
    [ "$at/fd/9" -ef ${path(LOCK)} ] || continue
    if [ "\${at##*/}" = "$own" ]; then echo "session $own"; else echo "step \${at##*/}"; fi
  done
} 2>/dev/null
`

const SHOW = `${PROCESSES}
who=$(kcharm_holder)
[ "$who" ] || exit 0
printf '%s\\n' "$who"
stat -c %Y ${path(LOCK)}
kcharm_processes`

/** It is stopped before the look, so that it cannot begin a step in between. Killed, it leaves its file, which goes here. */
function endScript(pid: number): string {
  return `${PROCESSES}
held() { [ /proc/${pid}/fd/9 -ef ${path(LOCK)} ]; }
held || exit 0
trap 'kill -CONT ${pid} 2>/dev/null' EXIT
kill -STOP ${pid}
while held && ! grep -q '^State:.[Tt]' /proc/${pid}/status; do sleep 1; done
kcharm_processes | grep -q '^step ' && exit 0
kill -KILL ${pid}
while held; do sleep 1; done
kcharm_file=${path(LOCK)} kcharm_folder=${path(RUN)}
kcharm_remove
exit 0`
}
