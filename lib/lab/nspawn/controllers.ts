import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hierarchies } from '../cgroups.ts'

// What systemd-nspawn gives to its container. systemd hands down to the top groups of a machine only what one of them asks for.
const WANTED = ['cpu', 'cpuset', 'io', 'memory', 'pids']

/** Like the sysctls' note, of what the machine's root group handed down (cgroup version 2) before the first lab. */
const NOTE = '/run/kcharm-lab/controllers'

/** Lets the machine's root group hand down the controllers that nodes need, and notes which it did before. */
export async function lendControllers(note = NOTE): Promise<void> {
  for (const file of await controlFiles()) {
    const before = await readFile(file, 'utf8')
    const there = (await readFile(join(dirname(file), 'cgroup.controllers'), 'utf8')).split(/\s+/)
    await mkdir(dirname(note), { recursive: true })
    await writeFile(note, before, { flag: 'wx' }).catch(() => undefined) // the first lab's note holds
    for (const name of WANTED) if (there.includes(name)) await writeFile(file, `+${name}`)
  }
}

/** After the last lab: takes back what was not handed down before the first. */
export async function returnControllers(note = NOTE): Promise<void> {
  const before = await readFile(note, 'utf8').catch(() => undefined)
  if (before === undefined) return
  for (const file of await controlFiles()) {
    const now = (await readFile(file, 'utf8')).trim().split(/\s+/)
    for (const name of now) {
      // Others may have come to need it meanwhile; then it is busy, and stays.
      if (!before.split(/\s+/).includes(name)) await writeFile(file, `-${name}`).catch(() => undefined)
    }
  }
  await rm(note)
}

/** At most one: a machine has one hierarchy of version 2. */
async function controlFiles(): Promise<string[]> {
  const files = (await hierarchies()).map((top) => join(top, 'cgroup.subtree_control'))
  const there = await Promise.all(
    files.map((file) =>
      readFile(file).then(
        () => true,
        () => false,
      ),
    ),
  )
  return files.filter((_, i) => there[i])
}
