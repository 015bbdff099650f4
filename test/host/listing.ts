import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Everything below a folder, one line each: type, mode, size, content or target; with `times` also when it was changed. */
export function listing(folder: string, { times = false, leave = [] as string[] } = {}): string[] {
  const lines: string[] = []
  const visit = (relative: string): void => {
    if (leave.includes(relative)) return
    const path = join(folder, relative)
    const stat = lstatSync(path, { bigint: true })
    const what = stat.isSymbolicLink()
      ? `-> ${JSON.stringify(readlinkSync(path))}`
      : stat.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
        : stat.isDirectory()
          ? 'dir'
          : 'special'
    const when = times ? ` ${stat.mtimeNs} ${stat.ctimeNs}` : ''
    lines.push(`${JSON.stringify(relative)} ${(stat.mode & 0o7777n).toString(8)} ${what}${when}`)
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(relative, name))
  }
  visit('')
  return lines
}
