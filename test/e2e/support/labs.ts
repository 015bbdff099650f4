import { expect } from 'vitest'
import * as labs from '../../../lib/lab/index.ts'
import type { Lab, LabWish, User } from '../../../lib/lab/index.ts'

/** Logins, and exec channels on them. */
export interface Sessions {
  connections: number
  channels: number
}

/** A lab of one test file. */
export interface TestLab {
  lab: Lab
  /** Runs a script on a node; anything but exit 0 fails the test. Gives what it printed, without the last line's end. */
  sh(node: string, script: string, user?: User): Promise<string>
  /** The same, with its exit status. */
  attempt(node: string, script: string): Promise<{ code: number; stdout: string; stderr: string }>
  /** Where this machine sees the node's files. */
  root(node: string): Promise<string>
  /** What every node's own sshd counted while `work` ran. */
  counted<T>(work: () => Promise<T>): Promise<{ result: T; sessions: Record<string, Sessions> }>
  down(): Promise<void>
}

/** Makes the lab; what an earlier run of the test left of it is taken down first. */
export async function startLab(wish: LabWish & { name: string }): Promise<TestLab> {
  const { name } = wish
  await labs.labDown(name)
  const lab = await labs.labUp({ say: (line) => console.log(line), ...wish })
  return testLab(lab)
}

function testLab(lab: Lab): TestLab {
  const at = (node: string) => ({ lab: lab.name, node })
  const attempt = (node: string, script: string, user: User = 'root') =>
    labs.nodeExec(at(node), ['sh', '-c', script], { user })
  return {
    lab,
    attempt,
    async sh(node, script, user) {
      const outcome = await attempt(node, script, user)
      expect(outcome.code, `on ${node}: ${script}\n${outcome.stdout}${outcome.stderr}`).toBe(0)
      return outcome.stdout.trimEnd()
    },
    root: (node) => labs.nodeRoot(at(node)),
    async counted(work) {
      const before = await sessionsOf(lab)
      const result = await work()
      const after = await sessionsOf(lab)
      const pairs = lab.nodes.map(({ name }): [string, Sessions] => [name, minus(after[name], before[name])])
      return { result, sessions: Object.fromEntries(pairs) }
    },
    async down() {
      await labs.labDown(lab.name)
    },
  }
}

async function sessionsOf(lab: Lab): Promise<Record<string, Sessions>> {
  const counts = lab.nodes.map(
    async ({ name }) => [name, await labs.nodeSessions({ lab: lab.name, node: name })] as const,
  )
  return Object.fromEntries(await Promise.all(counts))
}

function minus(a: Sessions | undefined, b: Sessions | undefined): Sessions {
  if (a === undefined || b === undefined) throw new Error('a node was not counted')
  return { connections: a.connections - b.connections, channels: a.channels - b.channels }
}
