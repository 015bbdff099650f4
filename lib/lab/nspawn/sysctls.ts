import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'

// Nodes share the machine's kernel. A kubelet sets some of these, and they have no namespace.
const CHANGED_BY_NODES = [
  'kernel.panic',
  'kernel.panic_on_oops',
  'vm.overcommit_memory',
  'vm.swappiness',
  'vm.max_map_count',
]

// One root user's allowance for all nodes.
const RAISED = { 'fs.inotify.max_user_instances': 8192, 'fs.inotify.max_user_watches': 1_048_576 }

export interface SysctlPlaces {
  /** Where values are kept until the last lab ends. /run, because a reboot resets both. */
  saved: string
  proc: string
}

const PLACES: SysctlPlaces = { saved: '/run/kcharm-lab/sysctls.json', proc: '/proc/sys' }

/** Before the first lab: notes the machine's values and raises what many nodes need. With a note there, only raises. */
export async function saveSysctls(places = PLACES): Promise<void> {
  if ((await readFile(places.saved).catch(() => undefined)) === undefined) await note(places)
  for (const [name, least] of Object.entries(RAISED)) {
    if (Number(await readSysctl(name, places)) < least) await writeFile(file(name, places), String(least))
  }
}

/** After the last lab: every noted value that is another now is put back, and the note goes. */
export async function restoreSysctls(places = PLACES): Promise<void> {
  const text = await readFile(places.saved, 'utf8').catch(() => undefined)
  if (text === undefined) return
  for (const [name, value] of Object.entries(z.record(z.string(), z.string()).parse(JSON.parse(text)))) {
    if ((await readSysctl(name, places)) !== value) await writeFile(file(name, places), value)
  }
  await rm(dirname(places.saved), { recursive: true })
}

async function note(places: SysctlPlaces): Promise<void> {
  const values: Record<string, string> = {}
  for (const name of [...CHANGED_BY_NODES, ...Object.keys(RAISED)]) {
    const value = await readSysctl(name, places)
    if (value !== undefined) values[name] = value
  }
  await mkdir(dirname(places.saved), { recursive: true })
  await writeFile(`${places.saved}.new`, JSON.stringify(values))
  await rename(`${places.saved}.new`, places.saved)
}

async function readSysctl(name: string, places: SysctlPlaces): Promise<string | undefined> {
  const text = await readFile(file(name, places), 'utf8').catch(() => undefined)
  return text?.trim()
}

function file(name: string, places: SysctlPlaces): string {
  return join(places.proc, name.replaceAll('.', '/'))
}
