/** The plugin that holds CRI's settings in schema 2. */
export const GRPC_CRI = 'io.containerd.grpc.v1.cri'
/** Its two successors in schemas 3 and 4. */
export const CRI_RUNTIME = 'io.containerd.cri.v1.runtime'
export const CRI_IMAGES = 'io.containerd.cri.v1.images'

/** The names under which CRI can be disabled; the first is schema 1's. */
export const CRI_NAMES: readonly string[] = ['cri', GRPC_CRI, CRI_RUNTIME, CRI_IMAGES]

export function runtimesIn(plugin: string): string[] {
  return ['plugins', plugin, 'containerd', 'runtimes']
}

/** Where a schema 2 file declares its handlers. */
export const RUNTIMES: readonly string[] = runtimesIn(GRPC_CRI)

/** Where the daemon's socket is named: to schema 3, and in schema 4 (containerd, RELEASES.md, "Daemon Configuration"). */
export const GRPC_ADDRESSES: readonly (readonly string[])[] = [
  ['grpc', 'address'],
  ['plugins', 'io.containerd.server.v1.grpc', 'address'],
]
