import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KcharmError } from '../errors/index.ts'
import { kill } from './process.ts'

/** The folder, in every hierarchy, under which each lab has one of its own. */
const LABS = 'kcharm-labs'

/**
 * Makes a lab's group `part` in every cgroup hierarchy of the machine, version 1 and 2, and gives the files through which a
 * process enters it. A process that has entered all of them and then makes a cgroup namespace sees its group as the root.
 */
export async function makeCgroup(id: string, part: string): Promise<string[]> {
  const files = []
  for (const top of await hierarchies()) {
    const path = join(top, LABS, id, part)
    await makeLevel(join(top, LABS))
    for (const level of [join(top, LABS, id), path]) await makeLevel(level, await allControllers(dirname(level)))
    files.push(join(path, 'cgroup.procs'))
  }
  return files
}

/** The processes in a lab's group, or in all of the lab, numbered as this machine numbers them. */
export async function cgroupPids(id: string, part = ''): Promise<number[]> {
  const folders = await foldersOf(join(LABS, id, part))
  const texts = await Promise.all(folders.map((path) => readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '')))
  const pids = texts.join('\n').split('\n').map(Number)
  return [...new Set(pids.filter((pid) => pid > 0))]
}

/** Kills every process in a lab's group, or in all of the lab, and removes the groups. */
export async function endCgroup(id: string, part = ''): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    for (const pid of await cgroupPids(id, part)) kill(pid)
    const folders = await foldersOf(join(LABS, id, part))
    for (const path of folders) await rmdir(path).catch(() => undefined)
    if (folders.length === 0) return
    await sleep(25)
  }
  const left = await cgroupPids(id, part)
  throw new KcharmError('lab', `these processes of lab ${id} do not end: ${left.join(' ')}`, {
    hint: 'Run kcharm lab down again.',
  })
}

/** The labs that have a group now, by id: those that were started and not ended. */
export async function labsWithCgroup(): Promise<string[]> {
  const names = await Promise.all((await hierarchies()).map((top) => subfolders(join(top, LABS))))
  return [...new Set(names.flat())].sort()
}

/** Removes the folder of all labs once the last one is gone. */
export async function dropEmptyLabs(): Promise<void> {
  for (const top of await hierarchies()) await rmdir(join(top, LABS)).catch(() => undefined)
}

/** Where cgroups are mounted: one folder per hierarchy. */
export async function hierarchies(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '))
  return mounts.flatMap(([, path = '', type = '']) =>
    /^cgroup2?$/.test(type) && path.startsWith('/sys/fs/cgroup') ? [path] : [],
  )
}

/** In version 2, what a group may hand down; in version 1, where each hierarchy is a controller, nothing. */
async function allControllers(group: string): Promise<string[]> {
  const text = await readFile(join(group, 'cgroup.controllers'), 'utf8').catch(() => '')
  return text.split(/\s+/).filter((name) => name !== '')
}

async function makeLevel(path: string, handedDown: readonly string[] = []): Promise<void> {
  const parent = dirname(path)
  for (const name of handedDown) await writeFile(join(parent, 'cgroup.subtree_control'), `+${name}`)
  await mkdir(path, { recursive: true })
  const cpus = await readFile(join(parent, 'cpuset.cpus'), 'utf8').catch(() => '')
  const mems = await readFile(join(parent, 'cpuset.mems'), 'utf8').catch(() => '')
  const version2 = await readFile(join(path, 'cgroup.controllers')).catch(() => undefined)
  if (version2 || !mems.trim()) return
  await writeFile(join(path, 'cpuset.cpus'), cpus) // version 1 gives a new group no processors, and nobody can enter it so
  await writeFile(join(path, 'cpuset.mems'), mems)
  await writeFile(join(path, 'cgroup.clone_children'), '1')
}

/** Deepest first. */
async function foldersOf(relative: string): Promise<string[]> {
  const found: string[] = []
  for (const top of await hierarchies()) await collect(join(top, relative), found)
  return found
}

async function collect(path: string, found: string[]): Promise<void> {
  for (const name of await subfolders(path)) await collect(join(path, name), found)
  if ((await readFile(join(path, 'cgroup.procs')).catch(() => undefined)) !== undefined) found.push(path)
}

async function subfolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}
