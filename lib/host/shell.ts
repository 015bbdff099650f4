/** One shell word: whatever it holds, the shell reads it back unchanged. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new Error('a shell word cannot hold a NUL byte')
  return /^[A-Za-z0-9_/.:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * A path on the machine, below the root prefix (`$R`: empty on real machines, a directory tree on rootless ones).
 * The only place where absolute paths of a machine enter a script.
 */
export function path(absolute: string): string {
  if (!absolute.startsWith('/') || absolute.split('/').includes('..')) {
    throw new Error(`not an absolute path: ${absolute}`)
  }
  return `"$R"${quote(absolute)}`
}

/** Where kcharm keeps its own things on a machine. */
export const HOME = '/var/lib/kcharm'
/** What going back would need and nobody else keeps. */
export const KEPT = `${HOME}/kept`
export const MANIFEST = `${HOME}/manifest`
export const BACKUPS = `${HOME}/backups`
export const BLOBS = `${HOME}/blobs`
export const TREES = `${HOME}/trees`
/** Lost at reboot, on purpose: stamps of running services, the lock. */
export const RUN = '/run/kcharm'
/** Held by the session that changes the machine; says who that is. */
export const LOCK = `${RUN}/lock`
/** Services that are masked while their package is installed; a name stays here when that was cut off. */
export const STILL = `${RUN}/still`
