import { sharedFolder } from '../paths.ts'
import { run } from '../process.ts'

const ENTER = `set -e
root=$1 share=$2 online=$3; shift 3
mkdir -p "$root/lab" "$share"
mount -t proc proc "$root/proc"
mount --bind "$share" "$root/lab"
if [ "$online" = yes ]; then
  rm -f "$root/etc/resolv.conf"; : >"$root/etc/resolv.conf"; touch "$root/etc/hosts"
  mount --bind /etc/resolv.conf "$root/etc/resolv.conf"; mount --bind /etc/hosts "$root/etc/hosts"
fi
exec chroot "$root" "$@"`

const ENV = {
  DEBIAN_FRONTEND: 'noninteractive',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TMPDIR: '/tmp', // ours may name a folder that is not in there
}

export interface InRootOptions {
  /** The command resolves names and uses the network as this machine does. */
  online?: boolean
}

/** Runs a command inside a root file system, with /proc and the shared folder at /lab; its mounts nobody else sees. */
export function inRoot(root: string, argv: readonly string[], options: InRootOptions = {}): Promise<string> {
  const enter = ['sh', '-c', ENTER, 'lab', root, sharedFolder(), options.online ? 'yes' : 'no', ...argv]
  return run(enter, { nice: true, leashed: true, env: ENV, title: `in ${root}: ${argv.join(' ')}` })
}
