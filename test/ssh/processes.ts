import { readdirSync, readFileSync } from 'node:fs'

/** The command lines of all processes of a rootless node. */
export function processesOf(root: string): string[] {
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return ''
    }
  }
  const pids = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && read(name, 'environ').includes(`KCHARM_ROOT=${root}\0`),
  )
  return pids.map((pid) => read(pid, 'cmdline').replaceAll('\0', ' '))
}
