import { sh } from './script.ts'

/**
 * systemctl of systemd 252 to 257, as far as kcharm uses it. A unit is its file, its enablement the links that systemd itself
 * would make, and a running one is a line `active INVOCATION START` below run/systemd/stand-in. Only containerd is made
 * to read its configuration at its start, by the containerd stand-in; it can refuse, as can `faults/start-NAME`.
 */
export const SYSTEMCTL = sh`
umask 022
R=$KCHARM_ROOT
state=$R/run/systemd/stand-in
wants=$R/etc/systemd/system/multi-user.target.wants

unit_file() {
  for folder in etc run usr/lib; do
    file=$R/$folder/systemd/system/$1.service
    if [ -h "$file" ] || [ -f "$file" ]; then echo "$file"; return; fi
  done
  return 1
}
load_state() {
  found=$(unit_file "$1") || { echo not-found; return; }
  if [ -h "$found" ]; then echo masked; else echo loaded; fi
}
enablement() {
  found=$(unit_file "$1") || return
  case $found in "$R/run/"*) if [ -h "$found" ]; then echo masked-runtime; return; fi ;; esac
  if [ -h "$found" ]; then echo masked
  elif [ -h "$wants/$1.service" ]; then echo enabled
  elif grep -q '^WantedBy=' "$found"; then echo disabled
  else echo static; fi
}
active_state() { if [ -f "$state/$1" ]; then cut -d' ' -f1 "$state/$1"; else echo inactive; fi; }
outdated() {
  found=$(unit_file "$1") || return
  [ -f "$state/.loaded" ] && [ -n "$(find "$found" -newer "$state/.loaded")" ]
}
property() {
  case $1 in
  Id) echo "$2.service" ;;
  LoadState) load_state "$2" ;;
  ActiveState) active_state "$2" ;;
  UnitFileState) enablement "$2" || echo ;;
  InvocationID) if [ -f "$state/$2" ]; then cut -s -d' ' -f2 "$state/$2"; else echo; fi ;;
  ExecMainStartTimestamp) if [ -f "$state/$2" ]; then echo "@$(cut -s -d' ' -f3 "$state/$2")"; else echo; fi ;;
  NeedDaemonReload) if outdated "$2"; then echo yes; else echo no; fi ;;
  *) echo "systemctl: the stand-in knows no property $1" >&2; exit 1 ;;
  esac
}
show() {
  for each in $(echo "$1" | tr , ' '); do
    said=$(property "$each" "$2")
    if [ "$bare" ]; then echo "$said"; else echo "$each=$said"; fi
  done
}
journal() { mkdir -p "$R/var/log/stand-in" && printf '%s\n' "$2" >>"$R/var/log/stand-in/$1"; }
failing() {
  echo failed >"$state/$1"
  journal "$1" "$2"
  echo "Job for $1.service failed because the control process exited with error code." >&2
  echo "See \"systemctl status $1.service\" and \"journalctl -xeu $1.service\" for details." >&2
  return 1
}
start() {
  case $(load_state "$1") in
  not-found) echo "Failed to start $1.service: Unit $1.service not found." >&2; return 5 ;;
  masked) echo "Failed to start $1.service: Unit $1.service is masked." >&2; return 1 ;;
  esac
  [ "$(active_state "$1")" != active ] || return 0
  mkdir -p "$state"
  [ -f "$state/.loaded" ] || : >"$state/.loaded"
  [ ! -f "$R/faults/start-$1" ] || { failing "$1" "$(cat "$R/faults/start-$1")"; return; }
  if [ "$1" = containerd ]; then
    program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$(unit_file "$1")")
    said=$("$R$program" -c "$R/etc/containerd/config.toml" config dump 2>&1 >/dev/null) || { failing "$1" "$said"; return; }
    mkdir -p "$R/run/containerd"
    ln -f "$R.cri" "$R/run/containerd/containerd.sock" 2>/dev/null
  fi
  echo "active $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') $(date +%s)" >"$state/$1"
  journal "$1" "$1 started"
}
stop() {
  rm -f "$state/$1"
  [ "$1" != containerd ] || rm -rf "$R/run/containerd"
}

quiet='' bare='' now='' runtime='' properties='' verb='' units='' among=''
while [ $# -gt 0 ]; do
  case $1 in
  -q | --quiet) quiet=yes ;;
  -p) properties=$2; shift ;;
  --value) bare=yes ;;
  --now) now=yes ;;
  --runtime) runtime=yes ;;
  -*) ;;
  *) if [ "$verb" ]; then units="$units \${1%.service}"; else verb=$1; fi ;;
  esac
  shift
done

case $verb in
daemon-reload) mkdir -p "$state" && : >"$state/.loaded"; exit ;;
is-system-running) echo running; exit ;;
esac

status=0
for unit in $units; do
  case $verb in
  show) [ -z "$among" ] || echo; among=yes; show "$properties" "$unit" ;;
  is-active) said=$(active_state "$unit"); [ "$quiet" ] || echo "$said"; [ "$said" = active ] || status=3 ;;
  is-enabled) said=$(enablement "$unit") || said=not-found; [ "$quiet" ] || echo "$said"; [ "$said" = enabled ] || status=1 ;;
  enable)
    unit_file "$unit" >/dev/null || { echo "Failed to enable unit: Unit $unit.service does not exist" >&2; exit 1; }
    mkdir -p "$wants" && ln -sfn "/usr/lib/systemd/system/$unit.service" "$wants/$unit.service"
    [ -z "$now" ] || start "$unit" || status=$? ;;
  disable)
    rm -f "$wants/$unit.service"
    rmdir "$wants" 2>/dev/null
    [ -z "$now" ] || stop "$unit" ;;
  mask) mkdir -p "$R/run/systemd/system" && ln -sfn /dev/null "$R/run/systemd/system/$unit.service" ;;
  unmask) rm -f "$R/run/systemd/system/$unit.service" ;;
  start) start "$unit" || status=$? ;;
  stop) stop "$unit" ;;
  restart) stop "$unit"; start "$unit" || status=$? ;;
  reset-failed) [ "$(active_state "$unit")" != failed ] || rm -f "$state/$unit" ;;
  *) echo "systemctl: the stand-in knows no verb $verb" >&2; exit 1 ;;
  esac
done
exit $status
`
