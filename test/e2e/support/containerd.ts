import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { askCri, field } from './cri.ts'
import type { TestLab } from './labs.ts'

export const CONFIG = '/etc/containerd/config.toml'

/** The running daemon; another start has another invocation. */
export interface Daemon {
  pid: string
  invocation: string
  /** How often systemd has started it since the node booted, by systemd's own journal. */
  starts: number
  /** When it did so last; in seconds since 1970. */
  since: number
}

/** systemd's message for `unit has started` (systemd, catalog/systemd.catalog). */
const STARTED = '39f53479d3a045ac8e11786248231fbf'

export async function daemonOf(lab: TestLab, node: string): Promise<Daemon> {
  const text = await lab.sh(
    node,
    `systemctl show -P MainPID containerd; systemctl show -P InvocationID containerd
    journalctl --sync; journalctl --boot -q -o short-unix MESSAGE_ID=${STARTED} UNIT=containerd.service`,
  )
  const [pid = '', invocation = '', ...starts] = text.split('\n')
  return { pid, invocation, starts: starts.length, since: Number(starts.at(-1)?.split(' ')[0] ?? 0) }
}

/** The configuration's bytes as they lie on the node's disk; nothing when there is no such file. */
export async function configOf(lab: TestLab, node: string): Promise<string | undefined> {
  const file = join(await lab.root(node), CONFIG)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** Runs a container with runc on a root file system of the node's own shell; gives what it printed. */
export async function runContainer(lab: TestLab, node: string): Promise<string> {
  return lab.sh(
    node,
    `set -e; r=$(mktemp -d); mkdir -p "$r/bin" "$r/proc" "$r/sys" "$r/dev" "$r/etc"
    for f in /bin/sh $(ldd /bin/sh | grep -o '/[^ ]*'); do mkdir -p "$r\${f%/*}"; cp -L "$f" "$r$f"; done
    ctr run --rm --runtime io.containerd.runc.v2 --rootfs "$r" e2e /bin/sh -c 'echo "process $$ runs"'
    rm -r "$r"`,
  )
}

/** A container of runc's that goes on with a script, on a root file system of the node's own shell. */
export async function startContainer(lab: TestLab, node: string, what: { name: string; script: string }) {
  const script = Buffer.from(what.script).toString('base64')
  await lab.sh(
    node,
    `set -e; r=/run/rootfs-${what.name}; mkdir -p "$r/bin" "$r/proc" "$r/sys" "$r/dev" "$r/etc"
    for p in /bin/sh /bin/sleep; do
      for f in $p $(ldd $p | grep -o '/[^ ]*'); do mkdir -p "$r\${f%/*}"; cp -L "$f" "$r$f"; done
    done
    ctr run -d --runtime io.containerd.runc.v2 --rootfs "$r" ${what.name} /bin/sh -c "$(echo ${script} | base64 -d)" </dev/null >/dev/null 2>&1`,
  )
}

/** `io.containerd.grpc.v1 cri ok` and the like: the CRI's plugins as the daemon itself lists them. */
export async function criPlugins(lab: TestLab, node: string): Promise<string[]> {
  const rows = (await lab.sh(node, 'ctr plugins ls')).split('\n').map((line) => line.trim().split(/\s+/))
  const isCri = (type = '', id = '') =>
    type === 'io.containerd.cri.v1' || (type === 'io.containerd.grpc.v1' && id === 'cri')
  return rows.filter(([type, id]) => isCri(type, id)).map((row) => [row[0], row[1], row.at(-1)].join(' '))
}

/**
 * Asks the CRI on its socket for RuntimeReady. In the answer a RuntimeCondition is its type (field 1, a string) and then its
 * status (field 2, true or left out).
 */
export async function isRuntimeReady(lab: TestLab, node: string): Promise<boolean> {
  const answer = await criStatus(lab, node)
  const name = answer.indexOf('RuntimeReady')
  if (name < 0) throw new Error(`the CRI of ${node} does not speak of RuntimeReady: ${answer.toString('hex')}`)
  return answer
    .subarray(name + 'RuntimeReady'.length)
    .subarray(0, 2)
    .equals(Buffer.from([0x10, 1]))
}

/** What the CRI says of itself. */
export async function criStatus(lab: TestLab, node: string, at?: string): Promise<Buffer> {
  return (await askCri(lab, node, { method: 'RuntimeService/Status', at })).answer
}

/**
 * Pulls an image as the kubelet does; gives the gRPC message. The request's field 1 is an ImageSpec, whose field 1 is the name.
 */
export async function pullImage(lab: TestLab, node: string, name: string): Promise<string> {
  const message = field(1, field(1, name))
  return (await askCri(lab, node, { method: 'ImageService/PullImage', message })).said
}
