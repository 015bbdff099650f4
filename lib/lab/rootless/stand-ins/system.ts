import { sh } from './script.ts'

/** Loaded: a folder in sys/module; to be had: a line of lib/modules/stand-in. */
export const MODPROBE = sh`
umask 022
R=$KCHARM_ROOT
dry='' quiet='' out='' name=''
for each in "$@"; do
  case $each in
  -n) dry=yes ;;
  -q) quiet=yes ;;
  -r) out=yes ;;
  *) name=$each ;;
  esac
done
module=$(echo "$name" | tr - _)
if [ "$out" ]; then rmdir "$R/sys/module/$module" 2>/dev/null; exit; fi
if [ ! -d "$R/sys/module/$module" ] && ! grep -qx "$module" "$R/lib/modules/stand-in" 2>/dev/null; then
  [ "$quiet" ] || echo "modprobe: FATAL: Module $name not found in directory /lib/modules/$(uname -r)" >&2
  exit 1
fi
[ "$dry" ] || mkdir -p "$R/sys/module/$module"
`

export const JOURNALCTL = sh`
unit='' lines=1000
while [ $# -gt 0 ]; do
  case $1 in
  -u) unit=\${2%.service}; shift ;;
  -n) lines=$2; shift ;;
  esac
  shift
done
tail -n "$lines" "$KCHARM_ROOT/var/log/stand-in/$unit" 2>/dev/null
`
