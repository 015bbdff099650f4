import type { Json } from '../model/json.ts'
import { path } from './shell.ts'

/** A shim that serves nothing any more. */
interface OrphanShim {
  pid: number
  /** Of its container or sandbox. */
  id: string
  /** Seconds since its start. */
  age: number
  /** `left`: it was only looked at. `stuck`: it outlived SIGKILL. */
  state: 'left' | 'ended' | 'stuck'
}

interface Search {
  /** Whose command lines: a pattern of `case`, such as `*containerd-shim-kata*' -id '*`. */
  program: string
  /** A condition on `$each` (its folder in /proc), `$id` and `$line` that holds for a shim which still serves something. */
  serves: string
  /** End those that are found. */
  end: boolean
}

/** One that has only just come may not have got as far as what it serves. */
const YOUNG = 120

/** A script that prints a line for each orphan; the search and the end are one, so that nothing else is ended than what was found. */
export function orphanScript({ program, serves, end }: Search): string {
  return [
    `up=$(cut -d. -f1 ${path('/proc/uptime')}) ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)`,
    `for each in ${path('/proc')}/[0-9]*; do`,
    `  line=$(tr '\\0' ' ' <"$each/cmdline" 2>/dev/null) || continue`,
    `  case $line in ${program}) ;; *) continue ;; esac`,
    `  id=$(tr '\\0' '\\n' <"$each/cmdline" 2>/dev/null | sed -n '/^-id$/{n;p;q;}')`,
    '  [ "$id" ] || continue',
    // The name in the second field may hold blanks and brackets (proc(5)).
    `  start=$(sed 's/.*) //' "$each/stat" 2>/dev/null | cut -d ' ' -f 20)`,
    '  age=$((up - ${start:-0} / ticks)) pid=${each##*/} state=left',
    `  [ $age -ge ${YOUNG} ] || continue`,
    `  ! { ${serves}; } || continue`,
    ...(end ? ENDING : []),
    '  echo "orphan $pid $age $state $id"',
    'done',
  ].join('\n')
}

const ENDING = [
  '  kill "$pid" 2>/dev/null',
  '  for try in 1 2 3 4 5 6 7 8 9 10; do',
  '    kill -0 "$pid" 2>/dev/null || break',
  '    [ $try != 6 ] || kill -9 "$pid" 2>/dev/null',
  '    sleep 0.5',
  '  done',
  '  if kill -0 "$pid" 2>/dev/null; then state=stuck; else state=ended; fi',
]

/** A condition: the text of a shell variable names `$id`. */
export function namesId(variable: string): string {
  return `case "$${variable}" in *"$id"*) true ;; *) false ;; esac`
}

/** What an action answers: all well when none is left. */
export function orphansAnswer(frame: string, what: string): { ok: boolean; says: string; result: Json } {
  const orphans = parseOrphans(frame)
  const left = orphans.filter(({ state }) => state !== 'ended').length
  const ended = orphans.length - left
  const words = [...(ended > 0 ? [`${ended} ended`] : []), ...(left > 0 ? [`${left} left`] : [])].join(', ')
  const hint = orphans.some(({ state }) => state === 'left') ? '; end=true ends them' : ''
  return {
    ok: left === 0,
    says: orphans.length === 0 ? `no shim without ${what}` : `shims without ${what}: ${words}${hint}`,
    result: orphans.map((each) => ({ ...each })),
  }
}

function parseOrphans(frame: string): OrphanShim[] {
  return [...frame.matchAll(/^orphan (\d+) (\d+) (left|ended|stuck) (\S+)$/gm)].map(([, pid, age, state, id]) => ({
    pid: Number(pid),
    id: id ?? '',
    age: Number(age),
    state: state as OrphanShim['state'],
  }))
}
