import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { leaderOf } from '../../lib/lab/nspawn/driver.ts'
import type { Lab } from '../../lib/lab/index.ts'

/** By what a lab's traces on this machine are told from those of everything else that happens there. */
export interface Marks {
  /** The lab's id and folder: they are in the names of all that it makes. */
  names: string[]
  /** Its network namespaces, as `net:[4026532000]`. */
  networks: string[]
  /** systemd-nspawn's lock files for its root file systems. */
  locks: string[]
}

/** Reads the marks of a lab that runs. */
export async function marksOf(lab: Lab): Promise<Marks> {
  const marks: Marks = { names: [lab.id, lab.dir], networks: [], locks: [] }
  for (const node of lab.nodes) {
    marks.networks.push(readlinkSync(`/proc/${await leaderOf(lab, node)}/ns/net`))
    const { dev, ino } = statSync(join(lab.dir, 'nodes', node.name, 'root'))
    marks.locks.push(`inode-${dev}:${ino}`)
  }
  return marks
}

/** All that this machine still has of a lab; nothing after its end. */
export function tracesOf(marks: Marks): string[] {
  const known = [...marks.names, ...marks.networks]
  const ofLab = (text: string): boolean => known.some((name) => text.includes(name))
  return [
    ...lines('/proc/self/mountinfo').filter(ofLab),
    ...processes().filter(ofLab),
    ...execFileSync('find', ['/sys/fs/cgroup', '-type', 'd'], { encoding: 'utf8' }).split('\n').filter(ofLab),
    ...list('/run/systemd/nspawn/propagate').filter(ofLab),
    ...list('/run/systemd/nspawn/unix-export').filter(ofLab),
    ...list('/run/systemd/nspawn/locks').filter((name) => marks.locks.includes(name)),
    ...marks.names.filter((name) => list(name).length > 0),
  ]
}

/** What no lab may change for good: the kernel's values that nodes share, and this machine's own network. */
export function machineState(): string[] {
  const sysctls = ['kernel/panic', 'vm/max_map_count', 'vm/swappiness', 'fs/inotify/max_user_instances']
  const links = list('/sys/class/net').sort()
  return [
    ...sysctls.map((name) => `${name} ${readFileSync(join('/proc/sys', name), 'utf8')}`),
    ...links,
    ...list('/run/netns'),
  ]
}

/** One line per process: number, command, cgroups, network. Those that have ended and wait for their parent have no command. */
function processes(): string[] {
  return list('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      if (command === '') return []
      return [`${pid} ${command} ${readFileSync(`/proc/${pid}/cgroup`, 'utf8')} ${readlinkSync(`/proc/${pid}/ns/net`)}`]
    } catch {
      return [] // it has just ended
    }
  })
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n')
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
