import type { RuntimeHandler } from '../../lib/model/interfaces.ts'

export const SHIMS = ['qemu', 'clh', 'fc', 'qemu-runtime-rs', 'clh-runtime-rs', 'dragonball'] as const
export type ShimName = (typeof SHIMS)[number]

/** Shims of the Rust runtime; the others are of the Go runtime. Binary and configuration family belong together. */
const RUST: readonly ShimName[] = ['qemu-runtime-rs', 'clh-runtime-rs', 'dragonball']

/** Paths below the prefix, as the release archive lays them out (kata-containers, tools/packaging). */
export function shimPaths(prefix: string, shim: ShimName): { binary: string; config: string } {
  const rust = RUST.includes(shim)
  return {
    binary: `${prefix}${rust ? '/runtime-rs' : ''}/bin/containerd-shim-kata-v2`,
    config: `${prefix}/share/defaults/kata-containers/${rust ? 'runtime-rs/' : ''}configuration-${shim}.toml`,
  }
}

/** The handler as kata-deploy wires it: a type of its own, the shim by path, the configuration by path. */
export function handlerOf(prefix: string, shim: ShimName): RuntimeHandler {
  const { binary, config } = shimPaths(prefix, shim)
  return {
    name: `kata-${shim}`,
    runtimeType: `io.containerd.kata-${shim}.v2`,
    runtimePath: binary,
    configPath: config,
    privilegedWithoutHostDevices: true,
    podAnnotations: ['io.katacontainers.*'],
  }
}
