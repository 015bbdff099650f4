import { LOCK, path, quote, RUN } from '../host/shell.ts'

export interface NodeShell {
  /** 32 hex digits that only this session knows; they frame every answer. */
  marker: string
  /** A session that holds the lock ends itself when it heard nothing for so long and no step is running. */
  silenceSeconds: number
  /** What is ended late has so long to end in order, before it is killed. */
  graceSeconds: number
}

/** Status of `kcharm_lock`. */
export const LOCK_STATUS = { noFlock: 93, held: 94, failed: 95 } as const

/** Status of a script that did not end in time and was ended on the machine; no script can end with it itself. */
export const ENDED_LATE = 300

/** Begins a line of such an answer's stderr: a command that was ended, the outermost first. */
export const ENDED_MARK = 'kcharm ended '

/** Status of the sleeper that has ended a script. */
const CUT = 99

/**
 * Evaluates one script in a subshell of the session; neither `exit` nor a syntax error ends the session. After so many
 * seconds all that it has started is ended.
 */
export function runLine(script: string, seconds: number): string {
  return `kcharm_run ${quote(script)} ${seconds}\n`
}

/** Takes the lock for as long as the session or one of its children lives. */
export function lockLine(holder: string): string {
  return `kcharm_lock ${quote(holder)}\n`
}

/** Shows the watchdog that the operator is alive. */
export const PING_LINE = 'kcharm_wake; kcharm_doze\n'

/**
 * The session's own part, read by `sh -s` from its standard input before the first request. It is POSIX sh for
 * dash, bash and busybox. A request is one function call with one quoted word: it is carried out only when it
 * arrived whole, and no payload lies behind a command that could be read ahead.
 *
 * Answer on both streams: MARKER[ output MARKER]STATUS newline. What stands outside is noise of the login.
 *
 * `kcharm_holder` says who holds the lock without touching it: a lock tried, even shared, could be in another's way. The
 * lock's file names the session's process; a step that has outlived its session is found by its descriptor. The kernel's
 * own list would not do: in a container it leaves out locks whose taker, flock, has ended (fs/locks.c, locks_translate_pid).
 *
 * A sleeper in the background minds the time. Between two requests it is the watchdog, ended at the start of each: it
 * kills the shell only while that still holds the lock's file (process ids are used again), and removes the file, as a
 * shell that waits for input dies of the signal without running its trap. While a script runs it is the script's deadline:
 * it ends all processes below the shell but itself. One is named by its id and its start, so that nobody else is met. A
 * sleeper ends its `sleep` with -9: between fork and exec the child still has the shell's handler and forgets any
 * gentler signal.
 *
 * Everything the steps start holds the lock's descriptor 9 as well. Daemons must be started with `9>&-`.
 */
export function prelude({ marker, silenceSeconds, graceSeconds }: NodeShell): string {
  return `unset CDPATH
export LC_ALL=C
umask 077
R=\${KCHARM_ROOT-}
[ "$R" ] || export PATH="\${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
cd "\${R:-/}"
kcharm_marker=${marker}
kcharm_file=
kcharm_sleeper=
kcharm_begin() {
  printf '%s[' "$kcharm_marker"
  printf '%s[' "$kcharm_marker" >&2
}
kcharm_end() {
  printf '%s]%s\\n' "$kcharm_marker" "$1"
  printf '%s]%s\\n' "$kcharm_marker" "$1" >&2
}
kcharm_run() {
  kcharm_wake
  kcharm_script=$1
  kcharm_sleep "$2" kcharm_cut
  shift 2
  kcharm_begin
  (eval "$kcharm_script") </dev/null
  kcharm_status=$?
  kcharm_wake
  [ $? != ${CUT} ] || kcharm_status=${ENDED_LATE}
  kcharm_end $kcharm_status
  kcharm_doze
}
kcharm_lock() {
  kcharm_wake
  kcharm_begin
  kcharm_take "$1" </dev/null
  kcharm_end $?
  kcharm_doze
}
kcharm_take() {
  [ "$kcharm_file" ] && return
  command -v flock >/dev/null || return ${LOCK_STATUS.noFlock}
  kcharm_folder=${path(RUN)}
  kcharm_path=${path(LOCK)}
  for kcharm_try in 1 2 3 4 5; do
    mkdir -p "$kcharm_folder" && command exec 9<>"$kcharm_path" || continue
    flock -n 9 || { IFS= read -r kcharm_who <&9; printf '%s\\n' "$kcharm_who"; exec 9>&-; return ${LOCK_STATUS.held}; }
    if [ /proc/self/fd/9 -ef "$kcharm_path" ]; then
      kcharm_file=$kcharm_path
      trap kcharm_leave EXIT
      trap 'exit 141' PIPE
      printf '%s\\n%s\\n' "$1" $$ >"$kcharm_file"
      return
    fi
    exec 9>&-
  done
  return ${LOCK_STATUS.failed}
}
kcharm_holder() {
  [ -e ${path(LOCK)} ] || return 0
  { IFS= read -r kcharm_who; read -r kcharm_pid; } <${path(LOCK)}
  if [ "/proc/$kcharm_pid/fd/9" -ef ${path(LOCK)} ] || kcharm_locked; then printf '%s\\n' "$kcharm_who"; fi
}
kcharm_locked() {
  for kcharm_at in /proc/[0-9]*; do
    if [ "$kcharm_at/fd/9" -ef ${path(LOCK)} ]; then return; fi
  done
  return 1
}
kcharm_leave() {
  kcharm_wake
  exec 9>&-
  kcharm_remove
}
kcharm_remove() {
  [ -e "$kcharm_file" ] || return
  (
    flock -n 9 && [ /proc/self/fd/9 -ef "$kcharm_file" ] && rm -f "$kcharm_file" && rmdir "$kcharm_folder"
  ) 9<>"$kcharm_file" 2>/dev/null
}
kcharm_doze() {
  [ ! "$kcharm_file" ] || kcharm_sleep ${silenceSeconds} kcharm_silent 2>/dev/null
}
kcharm_silent() {
  [ /proc/$$/fd/9 -ef "$kcharm_file" ] && kill $$ && sleep 1 && kcharm_remove
}
kcharm_sleep() {
  (
    kcharm_before=$!
    trap '[ "$!" = "$kcharm_before" ] || kill -9 $!; exit' TERM
    sleep "$1" 2>/dev/null &
    wait $! && "$2"
  ) </dev/null >/dev/null 9>&- &
  kcharm_sleeper=$!
}
kcharm_wake() {
  [ "$kcharm_sleeper" ] || return 0
  set -- "$kcharm_sleeper"
  kcharm_sleeper=
  kill "$1"
  wait "$1"
} 2>/dev/null
kcharm_cut() {
  trap '' TERM
  read -r kcharm_self _ _ kcharm_up _ </proc/self/stat
  [ "$kcharm_up" = $$ ] || return
  kcharm_tree=" $$:-"
  kcharm_grow
  kcharm_any || return
  kcharm_tell
  kcharm_until TERM
  kcharm_until KILL
  exit ${CUT}
}
kcharm_until() {
  kcharm_kill "$1"
  kcharm_left=${graceSeconds}
  while kcharm_grow; kcharm_any && [ $kcharm_left -gt 0 ]; do sleep 1; kcharm_left=$((kcharm_left - 1)); done
}
kcharm_grow() {
  kcharm_alive=$(
    cat /proc/[0-9]*/stat 2>/dev/null |
      sed -n 's/^\\([0-9]*\\) (.*) [^XZ] \\([0-9]*\\) \\([-0-9]* \\)\\{17\\}\\([0-9]*\\) .*/\\1:\\4 \\2/p'
  )
  set -- $kcharm_tree
  kcharm_tree=" $$:-"
  for kcharm_each; do ! kcharm_lives || kcharm_tree="$kcharm_tree $kcharm_each"; done
  while kcharm_more=$(kcharm_children) && [ "$kcharm_more" ]; do kcharm_tree=$kcharm_tree$kcharm_more; done
}
kcharm_children() {
  printf '%s\\n' "$kcharm_alive" | while read -r kcharm_each kcharm_up; do
    [ "\${kcharm_each%:*}" != "$kcharm_self" ] || continue
    case "$kcharm_tree " in *" $kcharm_each "*) ;; *" $kcharm_up:"*) printf ' %s' "$kcharm_each" ;; esac
  done
}
kcharm_any() {
  for kcharm_each in $kcharm_tree; do ! kcharm_lives || return 0; done
  return 1
}
kcharm_kill() {
  for kcharm_each in $kcharm_tree; do ! kcharm_lives || kill -"$1" "\${kcharm_each%:*}" 2>/dev/null; done
}
kcharm_lives() {
  case "
$kcharm_alive" in *"
$kcharm_each "*) ;; *) return 1 ;; esac
}
kcharm_tell() {
  kcharm_own=$(kcharm_words $$)
  for kcharm_each in $kcharm_tree; do
    kcharm_said=$(kcharm_words "\${kcharm_each%:*}")
    case $kcharm_said in '' | "$kcharm_own") ;; *) printf '%s\\n' "${ENDED_MARK}$kcharm_said (process \${kcharm_each%:*})" >&2 ;; esac
  done
}
kcharm_words() { tr '\\0\\n' '  ' <"/proc/$1/cmdline" 2>/dev/null | cut -c 1-80 | sed 's/ *$//'; }
`
}
