import type { Reading } from '../../lib/host/view.ts'
import { path, quote } from '../../lib/host/shell.ts'
import { criStatus } from './cri.ts'

export const CONFIG = '/etc/containerd/config.toml'
export const CONF_D = '/etc/containerd/conf.d'
export const DROP_IN = `${CONF_D}/50-kcharm.toml`
export const SOCKET = '/run/containerd/containerd.sock'
/** Where containerd's own archive says its binaries go (containerd, docs/getting-started.md). */
export const BIN = '/usr/local/bin'
export const UNIT_FILE = '/etc/systemd/system/containerd.service'
export const UNIT_DROP_INS = '/etc/systemd/system/containerd.service.d'
/** Where hosts.toml files lie by default (containerd, docs/hosts.md). */
export const CERTS_D = '/etc/containerd/certs.d'

/** The version of the containerd that the service would run, or nothing: `1.7.24`. */
export const daemonVersion: Reading<string | undefined> = {
  key: 'containerd:version',
  lasting: 'fact',
  script: 'containerd --version 2>/dev/null',
  parse: (frame) => versionIn(frame.split(' ')[2] ?? ''),
}

export function versionIn(text: string): string | undefined {
  return /(\d+\.\d+\.\d+)/.exec(text)?.[1]
}

export type Flavour = 'k3s' | 'rke2' | 'k0s' | 'microk8s'

/** containerd's own archive brings no runc; without one no container starts. */
export const hasRunc: Reading<boolean> = {
  key: 'containerd:runc',
  lasting: 'fact',
  script: 'command -v runc >/dev/null && echo yes',
  parse: (frame) => frame === 'yes',
}

/** Imports that name one file which is not there: containerd 1.x does not start, 2.x stops reading the rest. */
export function missingImports(paths: string[]): Reading<string[]> {
  return {
    key: `containerd:imports:${paths.join(':')}`,
    lasting: 'fact',
    script: paths.map((each) => `[ -e ${path(each)} ] || echo ${quote(each)}`).join('\n') || ':',
    parse: (frame) => frame.split('\n').filter((line) => line !== ''),
  }
}

/** What runs the containerd of each. */
const FLAVOURS: Record<Flavour, string[]> = {
  k3s: ['k3s', 'k3s-agent'],
  rke2: ['rke2-server', 'rke2-agent'],
  k0s: ['k0scontroller', 'k0sworker'],
  microk8s: ['snap.microk8s.daemon-containerd'],
}

/** Distributions of Kubernetes that bring and configure a containerd of their own. One question for all: each costs 10 ms. */
export const flavour: Reading<Flavour | undefined> = {
  key: 'containerd:flavour',
  lasting: 'fact',
  script: `systemctl show -p Id,ActiveState,UnitFileState ${Object.values(FLAVOURS).flat().join(' ')} 2>/dev/null`,
  parse(frame) {
    const used = frame.split('\n\n').filter((unit) => IN_USE.test(unit))
    const names = used.map((unit) => /^Id=(.*)\.service$/m.exec(unit)?.[1] ?? '')
    return (Object.keys(FLAVOURS) as Flavour[]).find((each) => FLAVOURS[each].some((name) => names.includes(name)))
  },
}

/** Enabled in one of the ways that `systemctl is-enabled` calls so, or active. */
const IN_USE =
  /^(?:ActiveState=(?:active|reloading)|UnitFileState=(?:enabled|enabled-runtime|static|indirect|alias|generated))$/m

/** The cgroup driver that this machine's kubelet is configured for, where one is: `systemd` or `cgroupfs`. */
export const kubeletDriver: Reading<string | undefined> = {
  key: 'containerd:kubelet-driver',
  lasting: 'fact',
  script: `sed -n 's/^cgroupDriver:[[:space:]]*//p' ${path('/var/lib/kubelet/config.yaml')}`,
  parse: (frame) => /^["']?(systemd|cgroupfs)\b/.exec(frame)?.[1],
}

export interface UnitFacts {
  /** What `-c` or `--config` of its command names, when that is another file than the usual one. */
  config?: string
  /** What a stop kills: `process` only the daemon. */
  killMode?: string
}

/** How systemd runs the daemon. */
export const unitFacts: Reading<UnitFacts> = {
  key: 'containerd:unit',
  lasting: 'fact',
  script: 'systemctl show -p ExecStart,KillMode containerd',
  parse(frame) {
    const argv = /^ExecStart=.*?argv\[\]=(.*?) ;/m.exec(frame)?.[1] ?? ''
    const config = /\s(?:-c|--config)[ =](\S+)/.exec(argv)?.[1]
    const killMode = /^KillMode=(\S+)/m.exec(frame)?.[1]
    return { ...(config && config !== CONFIG ? { config } : {}), ...(killMode ? { killMode } : {}) }
  },
}

/** CAP_SYS_RESOURCE (bit 24) missing from the bounding set: no process can lower its OOM score. */
export const lacksSysResource: Reading<boolean> = {
  key: 'containerd:capabilities',
  lasting: 'fact',
  script: `sed -n 's/^CapBnd:[[:space:]]*//p' ${path('/proc/self/status')}`,
  parse: (frame) => frame !== '' && ((BigInt(`0x${frame}`) >> 24n) & 1n) === 0n,
}

/** One daemon: where its programs are (its `PATH` when empty), what it reads, and where it answers. */
export interface DaemonPlaces {
  bin: string
  config: string
  socket: string
}

const USUAL: DaemonPlaces = { bin: '', config: CONFIG, socket: SOCKET }

/** The configuration as the daemon understands it, imports merged. */
export function dumpOf({ bin, config }: DaemonPlaces): Reading<string> {
  return {
    key: keyOf('containerd:dump', { bin }),
    lasting: 'effect',
    script: `${program(bin, 'containerd')} -c ${path(config)} config dump`,
    parse: (frame) => frame,
  }
}

export const effectiveConfig: Reading<string> = dumpOf(USUAL)

export interface CriHealth {
  /** CRI plugins and their status, such as `io.containerd.grpc.v1.cri ok`. */
  plugins: { id: string; status: string }[]
  /** What the CRI itself answers: `ready`, `not ready`, or `unknown` when the machine has nothing to ask it with. */
  runtime: string
}

export function healthOf({ bin, socket }: DaemonPlaces): Reading<CriHealth> {
  return {
    key: keyOf('containerd:cri', { bin, socket }),
    lasting: 'effect',
    script: `${ctr({ bin, socket })} plugins ls; echo; ${criStatus(socket)}`,
    parse: parseHealth,
  }
}

export const criHealth: Reading<CriHealth> = healthOf(USUAL)

function parseHealth(frame: string): CriHealth {
  const rows = frame.split('\n').map((line) => line.trim().split(/\s+/))
  const cri = rows.filter(([type, id]) => /^io\.containerd\.(grpc|cri)\.v1$/.test(type ?? '') && isCri(type, id))
  return {
    plugins: cri.map((row) => ({ id: `${row[0]}.${row[1]}`, status: row.at(-1) ?? '' })),
    runtime: /^runtime (.*)$/m.exec(frame)?.[1] ?? 'unknown',
  }
}

/**
 * One question to the daemon that is given up after three seconds. ctr also asks for the daemon's deprecations, and with that
 * the daemon writes itself an uuid (containerd, cmd/ctr/commands/client.go).
 */
export function ctr({ bin, socket }: Omit<DaemonPlaces, 'config'>): string {
  const at = socket === SOCKET ? '' : ` -a ${path(socket)}`
  return `CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=true ${program(bin, 'ctr')}${at} --connect-timeout 3s`
}

function keyOf(what: string, { bin, socket = SOCKET }: { bin: string; socket?: string }): string {
  const which = bin !== '' || socket === SOCKET ? bin : socket
  return which === '' ? what : `${what}:${which}`
}

function program(bin: string, name: string): string {
  return bin === '' ? name : path(`${bin}/${name}`)
}

/** Where the usual daemon keeps what runs. */
export const STATE = '/run/containerd'

/** Containers of any namespace that live on the daemon that keeps them there. */
export function liveTasksIn(state: string): Reading<number> {
  return {
    key: state === STATE ? 'containerd:tasks' : `containerd:tasks:${state}`,
    lasting: 'effect',
    script: `find ${path(`${state}/io.containerd.runtime.v2.task`)} -mindepth 2 -maxdepth 2 -type d 2>/dev/null | wc -l`,
    parse: (frame) => Number(frame.trim() || 0),
  }
}

function isCri(type: string | undefined, id: string | undefined): boolean {
  return type === 'io.containerd.cri.v1' ? id === 'runtime' || id === 'images' : id === 'cri'
}
