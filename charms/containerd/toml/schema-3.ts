import { CRI_IMAGES, CRI_RUNTIME, GRPC_CRI } from './ids.ts'

/**
 * Where a key path of schema 2 stands in schema 3, for the containerd that reads it (containerd 2.3.7, plugins/cri/images/plugin.go
 * and plugins/cri/runtime/plugin.go, migrateConfig). What is not CRI's stays where it is.
 */
export function pathInSchema3(path: readonly string[], daemon: string): string[] {
  const [plugins, plugin, ...rest] = path
  if (plugins !== 'plugins' || plugin !== GRPC_CRI) return [...path]
  const [first = '', second = ''] = rest
  if (STREAMING.has(first)) return [...path]
  if (first === 'sandbox_image') return [plugins, CRI_IMAGES, 'pinned_images', 'sandbox']
  if (OF_IMAGES.has(first)) return [plugins, CRI_IMAGES, ...rest]
  if (first === 'containerd' && SNAPSHOTS.has(second)) return [plugins, CRI_IMAGES, ...rest.slice(1)]
  return [plugins, CRI_RUNTIME, ...renamed(rest, daemon)]
}

/** A list of folders since 2.1, where 2.0 and before have one: the value must become a list of one. */
export function isListNow(path: readonly string[], daemon: string): boolean {
  return path.slice(2).join('/') === 'cni/bin_dir' && pathInSchema3(path, daemon).at(-1) === 'bin_dirs'
}

/** What containerd 2.0 took away (docs/containerd-2.0.md; `config dump` of 2.3.7): it warns of an unknown key, and does nothing. */
export function isGone(path: readonly string[]): boolean {
  const [, plugin, first = '', second = '', , key = '', inner = ''] = path
  if (plugin !== GRPC_CRI) return false
  if (first === 'systemd_cgroup' || first === 'disable_cgroup') return true
  if (first === 'registry') return second === 'configs' && key === 'tls'
  if (first !== 'containerd') return false
  if (second === 'untrusted_workload_runtime' || second === 'default_runtime') return true
  return second === 'runtimes' && (key === 'runtime_engine' || key === 'runtime_root' || inner === 'CriuPath')
}

function renamed(rest: string[], daemon: string): string[] {
  const [first, second, , key] = rest
  if (first === 'cni' && second === 'bin_dir' && !/^2\.0\b/.test(daemon)) return ['cni', 'bin_dirs']
  const isMode = first === 'containerd' && second === 'runtimes' && key === 'sandbox_mode' && rest.length === 4
  return isMode ? [...rest.slice(0, 3), 'sandboxer'] : rest
}

const STREAMING = new Set([
  'disable_tcp_service',
  'stream_server_address',
  'stream_server_port',
  'stream_idle_timeout',
  'enable_tls_streaming',
  'x509_key_pair_streaming',
])

const OF_IMAGES = new Set([
  'registry',
  'image_decryption',
  'max_concurrent_downloads',
  'image_pull_progress_timeout',
  'image_pull_with_sync_fs',
  'stats_collect_period',
])

const SNAPSHOTS = new Set(['snapshotter', 'disable_snapshot_annotations', 'discard_unpacked_layers'])
