import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import * as labs from '../../../lib/lab/index.ts'
import type { User } from '../../../lib/lab/index.ts'
import type { TestLab } from './labs.ts'

/** Everything on a node, nothing left out: path to what it is, its bytes' digest, and its two times of change. */
export type Snapshot = Map<string, Entry>

interface Entry {
  /** Type, mode, owner, a link's target. */
  kind: string
  digest: string
  modified: string
  changed: string
}

/**
 * Of every node in the same way. Nobody can set the time of a change of an inode (ctime), and a folder shows by its own
 * times that something in it came and went: so what is not hashed is seen as well.
 */
const LIST = String.raw`export LC_ALL=C
find . \( -path ./proc -o -path ./sys -o -path ./lab \) -prune -o -printf 'e\t%p\t%y %m %U:%G %l\t%T@\t%C@\n'
`
/** The devices would be opened. */
const hash = (except: string) =>
  String.raw`find . \( -path ./proc -o -path ./sys -o -path ./lab -o -path ./dev${except} \) -prune -o -type f -exec sha256sum {} + | sed 's/^\([0-9a-f]*\)  /h\t\1\t/'
`

/** Read from outside: in the node nothing runs and nobody logs in. */
export async function snapshotOutside(lab: TestLab, node: string): Promise<Snapshot> {
  const options = { cwd: await lab.root(node), maxBuffer: 2 ** 28 }
  const { stdout } = await promisify(execFile)('sh', ['-c', LIST + hash('')], options)
  return parse(stdout)
}

/** Of a machine with a kernel of its own, by a login; an emulated one would hash its programs for a minute. */
export async function snapshotInside(lab: TestLab, node: string): Promise<Snapshot> {
  return parse(await lab.sh(node, `cd / && ${LIST}${hash(' -o -path ./usr -o -path ./boot')}`))
}

/** `+ path`, `- path`, `~ path: digest, modified, changed`; sorted by path. */
export function changesBetween(before: Snapshot, after: Snapshot): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)]
    if (was === undefined) return [`+ ${path}`]
    if (is === undefined) return [`- ${path}`]
    const aspects = (['kind', 'digest', 'modified', 'changed'] as const).filter((each) => was[each] !== is[each])
    return aspects.length === 0 ? [] : [`~ ${path}: ${aspects.join(', ')}`]
  })
}

/** Timers fire when they like: a node that is compared with itself has none. */
export async function quiet(lab: TestLab, node: string): Promise<void> {
  await lab.sh(node, `systemctl stop '*.timer'; systemctl is-system-running --wait || true`)
}

/** What one bare `ssh NODE true` leaves behind, through sudo for a user who is not root. Exit statuses count. */
export async function bareLogin(lab: TestLab, node: string, user: User): Promise<void> {
  const argv = user === 'root' ? ['true'] : ['sudo', '-n', 'true']
  const { code, stderr } = await labs.nodeExec({ lab: lab.lab.name, node }, argv, { user })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}

/**
 * The kernel speaks when it likes, and the journal writes it down: it speaks here, so that what this changes is learned
 * with the rest.
 */
export async function kernelSpeaks(lab: TestLab, node: string): Promise<void> {
  await lab.sh(node, 'echo kcharm: a line of the test >/dev/kmsg; journalctl --sync')
}

function parse(text: string): Snapshot {
  const snapshot: Snapshot = new Map()
  for (const line of text.split('\n')) {
    const [what, ...words] = line.split('\t')
    if (what === 'e') {
      const [path = '', kind = '', modified = '', changed = ''] = words
      snapshot.set(path.slice(1) || '/', { kind, digest: '', modified, changed })
    }
    const [digest = '', path = ''] = words
    const entry = what === 'h' ? snapshot.get(path.slice(1)) : undefined
    if (entry) entry.digest = digest
  }
  expect(snapshot.size, 'files of a node').toBeGreaterThan(1000)
  return snapshot
}
