import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MANIFEST } from '../../../lib/host/shell.ts'
import { holdings, parseManifest, recordsOf } from '../../../lib/lifecycle/manifest.ts'
import type { TestLab } from './labs.ts'
import { changes, type Standing, standingOf } from './standing.ts'
import { TICKING } from './ticks.ts'

/** All of a node that has to come out the same: its files, packages and units, the daemon's mind, and what the record comes to. */
export interface Mind {
  standing: Standing
  dump: string
  record: string[]
}

/** Tells of operations; and what no step of kcharm's writes below, looked at by `dpkg` in the state of the system. */
const LEFT_OUT = [
  /^\/var\/lib\/kcharm\/manifest$/,
  /^\/run\/kcharm\/services\/containerd$/,
  /^\/usr\/(?!local$)[^/]+$/,
  TICKING,
]

export async function mindOf(lab: TestLab, node: string, except: readonly RegExp[] = []): Promise<Mind> {
  return {
    standing: await standingOf(lab, node, [...LEFT_OUT, ...except]),
    dump: await lab.sh(node, 'containerd config dump'),
    record: netState(join(await lab.root(node), MANIFEST)),
  }
}

/** Nothing when both are the same. */
export function mindsDiffer(before: Mind, after: Mind): string[] {
  const dumps = before.dump === after.dump ? [] : ['the configuration that the daemon has']
  const missing = before.record.filter((line) => !after.record.includes(line)).map((line) => `- ${line}`)
  const more = after.record.filter((line) => !before.record.includes(line)).map((line) => `+ ${line}`)
  return [...changes(before.standing, after.standing), ...dumps, ...missing, ...more]
}

function netState(file: string): string[] {
  const lines = parseManifest(read(file))
  return [...recordsOf(lines).values()].flatMap((record) => [
    `${record.unit} is ${record.state} ${record.version ?? ''}`,
    ...holdings(lines, record.unit).map(
      ({ key, before }) => `${record.unit} holds ${key}, before ${JSON.stringify(before, withoutLoaded)}`,
    ),
  ])
}

/** Whether a daemon had read its files when its restart was recorded says where a run was cut off, and no undo asks for it. */
function withoutLoaded(name: string, value: unknown): unknown {
  return name === 'loaded' ? undefined : value
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
