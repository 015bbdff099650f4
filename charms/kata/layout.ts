/** CPUs that Kata is released for, in uname's words. */
export const ARCHES = ['x86_64', 'aarch64', 'ppc64le', 's390x'] as const
export type Arch = (typeof ARCHES)[number]

export interface ArchiveName {
  /** `go`: the Go runtime's own archive, from 4.1.0 on; `tools`: kata-ctl and the like, without a runtime. */
  kind: 'static' | 'go' | 'tools' | 'other'
  version?: string
  arch?: Arch
}

/** Release archives' words for a CPU: x86_64 until 3.1, amd64 since 3.2 (kata-containers, tools/packaging/release). */
const WORDS: Record<string, Arch> = {
  x86_64: 'x86_64',
  amd64: 'x86_64',
  arm64: 'aarch64',
  aarch64: 'aarch64',
  s390x: 's390x',
  ppc64le: 'ppc64le',
}

/** What the file name of a release says: kata-static-3.20.0-amd64.tar.xz, kata-go-static-4.1.0-arm64.tar.zst. */
export function readArchiveName(name: string): ArchiveName {
  const kind = /(^|\/)kata-(static|go-static|tools-static)-/.exec(name)?.[2]
  const version = /(\d+\.\d+\.\d+)/.exec(name)?.[1]
  const arch = WORDS[/-(x86_64|amd64|arm64|aarch64|s390x|ppc64le)\./.exec(name)?.[1] ?? '']
  return {
    kind: kind === 'go-static' ? 'go' : kind === 'tools-static' ? 'tools' : kind === 'static' ? 'static' : 'other',
    ...(version === undefined ? {} : { version }),
    ...(arch === undefined ? {} : { arch }),
  }
}

/** Where a release keeps its things, below the prefix. */
export interface Layout {
  version: string
  runtimes: readonly ('go' | 'rust')[]
  goConfigs: string
  rustConfigs: string
  /** The Go runtime reads config.d beside its configuration; the Rust one always has. */
  goReadsConfigD: boolean
}

/** The newest release that this charm knows. */
export const NEWEST = '4.1.0'

const CONFIGS = 'share/defaults/kata-containers'

/**
 * Tags of kata-containers: runtime-rs since 3.0.0, its configurations in a folder of their own since 3.3.0
 * (src/runtime-rs/Makefile, CONFDIR), decodeDropIns since 2.5.0 (src/runtime/pkg/katautils/config.go), two archives since 4.1.0.
 */
export function layoutOf(version: string, kind: ArchiveName['kind']): Layout {
  const split = isAtLeast(version, '4.1.0')
  const go = !split || kind !== 'static'
  const rust = isAtLeast(version, '3.0.0') && (!split || kind !== 'go')
  return {
    version,
    runtimes: [...(go ? (['go'] as const) : []), ...(rust ? (['rust'] as const) : [])],
    goConfigs: CONFIGS,
    rustConfigs: isAtLeast(version, '3.3.0') ? `${CONFIGS}/runtime-rs` : CONFIGS,
    goReadsConfigD: isAtLeast(version, '2.5.0'),
  }
}

/** Versions are three numbers. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number))
  for (const [index, number] of (want ?? []).entries()) {
    const mine = have?.[index] ?? 0
    if (mine !== number) return mine > number
  }
  return true
}
