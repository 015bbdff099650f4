import { sh } from './script.ts'

/**
 * What stands in for the daemon's program: it tells its version, and prints a configuration with its imports when it can read it.
 * It refuses a line that is no TOML, as the real one does, and a key named `stand_in_refuses`.
 */
export function containerdProgram(version: string): string {
  return `${CONTAINERD.replace('VERSION', version)}`
}

const CONTAINERD = sh`
version='VERSION'
config=/etc/containerd/config.toml
while [ $# -gt 0 ]; do
  case $1 in
  --version) echo "containerd github.com/containerd/containerd \${version%%-*} $version"; exit ;;
  -c) config=$2; shift ;;
  esac
  shift
done

refuse() { echo "containerd: failed to load TOML: $1: ($2, 1): $3" >&2; exit 1; }
judge() {
  line=$(grep -nvE '^[[:space:]]*($|#|\[.*\][[:space:]]*(#.*)?$|[]}]|[^=]+=[[:space:]]*[^[:space:]]|["'"'"'{])' "$1" | head -n 1)
  [ -z "$line" ] || refuse "$1" "\${line%%:*}" 'expecting a value'
  line=$(grep -n stand_in_refuses "$1" | head -n 1)
  [ -z "$line" ] || refuse "$1" "\${line%%:*}" 'the key stand_in_refuses'
}
top() { sed -n '/^[[:space:]]*\[/q;p' "$1"; }
tables() { sed -n '/^[[:space:]]*\[/,$p' "$1"; }

if [ ! -f "$config" ]; then echo 'version = 2'; exit; fi
judge "$config"
top "$config"
tables "$config"
for pattern in $(top "$config" | sed -n 's/^imports *= *\[\(.*\)\].*/\1/p' | tr -d '",'"'"); do
  for import in "$KCHARM_ROOT"$pattern; do
    [ -f "$import" ] || continue
    judge "$import"
    tables "$import"
  done
done
`

/** `faults/cri-plugin`: the state that the CRI plugin is in, instead of `ok`. */
export const CTR = sh`
[ "$1" != --connect-timeout ] || shift 2
[ "$*" = 'plugins ls' ] || { echo "ctr: the stand-in knows plugins ls only" >&2; exit 1; }
if ! systemctl -q is-active containerd; then
  echo 'ctr: failed to dial "/run/containerd/containerd.sock": context deadline exceeded' >&2
  exit 1
fi
state=ok
[ ! -f "$KCHARM_ROOT/faults/cri-plugin" ] || state=$(cat "$KCHARM_ROOT/faults/cri-plugin")
echo 'TYPE                            ID                       PLATFORMS      STATUS'
echo 'io.containerd.event.v1          exchange                 -              ok'
echo 'io.containerd.snapshotter.v1    overlayfs                linux/amd64    ok'
case $(containerd --version) in
*' 1.'*) echo "io.containerd.grpc.v1           cri                      linux/amd64    $state" ;;
*)
  echo "io.containerd.cri.v1            images                   -              ok"
  echo "io.containerd.cri.v1            runtime                  linux/amd64    $state"
  echo "io.containerd.grpc.v1           cri                      -              $state" ;;
esac
`

export const SHIM = sh`
echo 'containerd-shim-runc-v2: a stand-in, which runs nothing' >&2
exit 1
`

/** First in PATH, so that no program of the machine below is taken for the node's. */
export const DISPATCH = sh`
for folder in usr/local/bin usr/bin; do
  [ ! -x "$KCHARM_ROOT/$folder/\${0##*/}" ] || exec "$KCHARM_ROOT/$folder/\${0##*/}" "$@"
done
echo "\${0##*/}: not found" >&2
exit 127
`
