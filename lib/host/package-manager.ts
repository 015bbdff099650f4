import { path, quote } from './shell.ts'
import type { Reading } from './view.ts'

export const MANAGERS = ['apt', 'dnf', 'zypper'] as const
export type Manager = (typeof MANAGERS)[number]

interface Ways {
  /** A package, in an exact version or one that it begins with, as the program wants to be asked for it. */
  spec(name: string, version?: string): string
  /** Prints what installing would bring; `parse` makes name to version of it. */
  candidates(spec: string): string
  parse(frame: string, name: string): Record<string, string>
  /** Prints who holds the package manager's lock; nothing when it is free. */
  busy: string
}

export const WAYS: Record<Manager, Ways> = {
  apt: {
    spec: (name, version) => (version === undefined ? name : `${name}=${version}*`),
    candidates: (spec) => `kc_apt_candidates ${quote(spec)}`,
    parse(frame, name) {
      const found = [...frame.matchAll(/^(Inst|Conf) (\S+) .*?\((\S+) /gm)]
      const counts = found.filter(([, verb, each]) => verb === 'Inst' || each === name) // half-installed: only configured
      return Object.fromEntries(counts.map(([, , each, candidate]) => [each, candidate]))
    },
    busy: `kc_holder ${path('/var/lib/dpkg/lock-frontend')}; kc_holder ${path('/var/lib/apt/lists/lock')}`,
  },
  dnf: {
    spec: (name, version) => (version === undefined ? name : `${name}-${version}*`),
    candidates: (spec) => `kc_dnf_candidates ${quote(spec)}`,
    parse(frame) {
      const rows = frame.matchAll(/^ (\S+)\s+(?:noarch|x86_64|aarch64|s390x|ppc64le|i686)\s+(\S+)\s+\S+\s/gm)
      return Object.fromEntries([...rows].map(([, name, version]) => [name, version]))
    },
    busy: `kc_pid_holder ${path('/var/cache/dnf/metadata_lock.pid')}; kc_holder ${path('/var/lib/rpm/.rpm.lock')}`,
  },
  zypper: {
    spec: (name, version) => (version === undefined ? name : `${name}=${version}`),
    candidates: (spec) => `kc_zypper_candidates ${quote(spec)}`,
    parse(frame) {
      const rows = frame.matchAll(/<solvable type="package" name="([^"]+)" edition="([^"]+)"/g)
      return Object.fromEntries([...rows].map(([, name, version]) => [name, version]))
    },
    busy: `kc_pid_holder ${path('/run/zypp.pid')}; kc_holder ${path('/var/lib/rpm/.rpm.lock')}`,
  },
}

/** A version as people write it, 1.7.27, against one as the manager writes it, 1.7.27-1 or 2:1.7.27~rc1-1. */
export function isVersion(wanted: string, is: string | undefined): boolean {
  const bare = is?.replace(/^\d+:/, '') ?? ''
  return is === wanted || bare === wanted || (bare.startsWith(wanted) && /^[^0-9.]/.test(bare.slice(wanted.length)))
}

/** The package manager that the machine's distribution lives by; nothing when it is none of these. */
export const packageManager: Reading<Manager | undefined> = {
  key: 'machine:package-manager',
  lasting: 'fact',
  script: [
    `kc_ids=$(sed -n 's/^ID\\(_LIKE\\)\\{0,1\\}=//p' ${path('/etc/os-release')} | tr -d '"' | tr '\\n' ' ')`,
    'case " $kc_ids " in',
    '*" debian "* | *" ubuntu "*) command -v apt-get >/dev/null && echo apt ;;',
    '*suse*) command -v zypper >/dev/null && echo zypper ;;',
    '*" fedora "* | *" rhel "* | *" centos "*) command -v dnf >/dev/null && echo dnf ;;',
    'esac',
  ].join('\n'),
  parse: (frame) => (frame === 'apt' || frame === 'dnf' || frame === 'zypper' ? frame : undefined),
}
