export type ArchiveFormat = 'tar' | 'tar.gz' | 'tar.xz' | 'tar.zst'

export function formatOf(name: string): ArchiveFormat {
  if (/\.(tar\.gz|tgz)$/.test(name)) return 'tar.gz'
  const format = /\.(tar\.xz|tar\.zst)$/.exec(name)?.[1]
  return format === 'tar.xz' || format === 'tar.zst' ? format : 'tar'
}

/** The program that a machine reads such an archive with. */
export function unpackerOf(format: ArchiveFormat): string {
  return { tar: 'tar', 'tar.gz': 'gzip', 'tar.xz': 'xz', 'tar.zst': 'zstd' }[format]
}
