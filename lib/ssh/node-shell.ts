import { LOCK, path, quote, RUN } from '../host/shell.ts'

export interface NodeShell {
  /** 32 hex digits that only this session knows; they frame every answer. */
  marker: string
  /** A session that holds the lock ends itself when it heard nothing for so long and no step is running. */
  silenceSeconds: number
}

/** Status of `kcharm_lock`. */
export const LOCK_STATUS = { noFlock: 93, held: 94, failed: 95 } as const

/** Evaluates one script in a subshell of the session; neither `exit` nor a syntax error ends the session. */
export function runLine(script: string): string {
  return `kcharm_run ${quote(script)}\n`
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
 * lock's file names the session's process; the kernel's own list also knows a step that has outlived its session, but not
 * in a container, where it leaves out locks whose taker (flock) has ended (fs/locks.c, locks_translate_pid).
 *
 * The watchdog is a sleeper in the background, ended at the start of each request. It kills the shell only while
 * that still holds the lock's file (process ids are used again), and removes the file, as a shell that waits for
 * input dies of the signal without running its trap. A sleeper ends its `sleep` with -9: between fork and exec the
 * child still has the shell's handler and forgets any gentler signal.
 *
 * Everything the steps start holds the lock's descriptor 9 as well. Daemons must be started with `9>&-`.
 */
export function prelude({ marker, silenceSeconds }: NodeShell): string {
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
  shift
  kcharm_begin
  (eval "$kcharm_script") </dev/null
  kcharm_end $?
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
  set -- $(stat -c '%d %i' ${path(LOCK)})
  set -- "$(printf '%02x:%02x:%s' $(($1 >> 8 & 4095)) $(($1 & 255 | $1 >> 12 & 1048320)) "$2")"
  grep -q " $1 " /proc/locks
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
  [ "$kcharm_file" ] || return 0
  (
    kcharm_before=$!
    trap '[ "$!" = "$kcharm_before" ] || kill -9 $!; exit' TERM
    sleep ${silenceSeconds} &
    wait $! && [ /proc/$$/fd/9 -ef "$kcharm_file" ] && kill $$ && sleep 1 && kcharm_remove
  ) </dev/null >/dev/null 2>&1 9>&- &
  kcharm_sleeper=$!
}
kcharm_wake() {
  [ "$kcharm_sleeper" ] || return 0
  kill "$kcharm_sleeper"
  wait "$kcharm_sleeper"
  kcharm_sleeper=
} 2>/dev/null
`
}
