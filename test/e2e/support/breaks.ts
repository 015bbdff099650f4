import { readFile, writeFile } from 'node:fs/promises'
import { nodePowerOff, nodePowerOn } from '../../../lib/lab/index.ts'
import type { TestLab } from './labs.ts'

/** Something that goes wrong on one machine, and how a person mends it. */
export interface Break {
  break(): Promise<unknown>
  mend(): Promise<unknown>
}

export function switchedOff(lab: TestLab, node: string): Break {
  const name = { lab: lab.lab.name, node }
  return { break: () => nodePowerOff(name), mend: () => nodePowerOn(name) }
}

/** The operator's file of host keys names, for one machine, the key of another. */
export function otherHostKey(knownHosts: string, lab: TestLab, [node, other]: [string, string]): Break {
  let kept = ''
  const portOf = (name: string) => lab.lab.nodes.find((each) => each.name === name)?.port
  return {
    async break() {
      kept = await readFile(knownHosts, 'utf8')
      const lines = kept.split('\n')
      const foreign = lines.find((line) => line.includes(`]:${portOf(other)} `))?.split(' ')[2] ?? ''
      const own = (line: string) => line.includes(`]:${portOf(node)} `)
      const wrong = lines.map((line) => (own(line) ? [...line.split(' ').slice(0, 2), foreign].join(' ') : line))
      await writeFile(knownHosts, wrong.join('\n'))
    },
    mend: () => writeFile(knownHosts, kept),
  }
}

export function noSudo(lab: TestLab, node: string): Break {
  return byScripts(lab, node, ['mkdir /root/kept && mv /etc/sudoers.d/* /root/kept', 'mv /root/kept/* /etc/sudoers.d'])
}

/** A disk of its own that holds not one byte more. */
export function fullDisk(lab: TestLab, node: string, folder: string): Break {
  const fill = `mkdir -p ${folder} && mount -t tmpfs -o size=1m none ${folder} && ! dd if=/dev/zero of=${folder}/filler 2>/dev/null`
  return byScripts(lab, node, [fill, `umount ${folder}`])
}

export function smallDisk(lab: TestLab, node: string, folder: string): Break {
  return byScripts(lab, node, [`mount -t tmpfs -o size=3m none ${folder}`, `umount ${folder}`])
}

export function readOnly(lab: TestLab, node: string, folder: string): Break {
  const remount = `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`
  return byScripts(lab, node, [remount, `umount ${folder}`])
}

/** Somebody else's apt: it holds dpkg's lock as dpkg takes it, by fcntl. `struct flock` of a 64-bit Linux. */
export function dpkgLocked(lab: TestLab, node: string): Break {
  const program = `use Fcntl; open(my $f, "+>", "/var/lib/dpkg/lock-frontend") or die;
    my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $lock) or die; open(my $held, ">", "/run/other-apt"); sleep 600`
  const start = `systemd-run -q --expand-environment=no --unit=other-apt perl -e '${program}'
    timeout 10 sh -c 'until [ -e /run/other-apt ]; do sleep 0.1; done'`
  return byScripts(lab, node, [start, 'systemctl stop other-apt'])
}

/** An apt that waits before it unpacks anything, until it is mended; `/run/held` tells that it does. */
export function aptHeld(lab: TestLab, node: string): Break {
  const hook = 'DPkg::Pre-Invoke {": >/run/held; while [ -e /run/hold ]; do sleep 0.1; done";};'
  return byScripts(lab, node, [
    `: >/run/hold; echo '${hook}' >/etc/apt/apt.conf.d/99hold`,
    'rm /run/hold /run/held /etc/apt/apt.conf.d/99hold',
  ])
}

/** The configuration is right, as far as `containerd config dump` can tell; the daemon does not come up with it all the same. */
export function refusesToStart(lab: TestLab, node: string): Break {
  const folder = '/etc/systemd/system/containerd.service.d'
  const text = `[Service]\nExecStartPre=/bin/sh -c "! grep kata-qemu /etc/containerd/config.toml || { echo fatal: no handler wanted here; exit 1; }"\n`
  const lay = `mkdir ${folder} && printf '%s' '${text}' >${folder}/picky.conf && systemctl daemon-reload`
  return byScripts(lab, node, [lay, `rm -r ${folder} && systemctl daemon-reload`])
}

function byScripts(lab: TestLab, node: string, [wrong, right]: [string, string]): Break {
  return { break: () => lab.sh(node, wrong), mend: () => lab.sh(node, right) }
}
