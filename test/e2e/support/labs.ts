import { expect } from 'vitest'
import * as labs from '../../../lib/lab/index.ts'
import type { Lab, LabWish, User } from '../../../lib/lab/index.ts'

/** A lab of one test file. */
export interface TestLab {
  lab: Lab
  /** Runs a script on a node; anything but exit 0 fails the test. Gives what it printed, without the last line's end. */
  sh(node: string, script: string, user?: User): Promise<string>
  /** The same, with its exit status. */
  attempt(node: string, script: string): Promise<{ code: number; stdout: string; stderr: string }>
  /** Where this machine sees the node's files. */
  root(node: string): Promise<string>
  /** Logins, and exec channels on them, that the node's own sshd counted while `work` ran. */
  sessions<T>(node: string, work: () => Promise<T>): Promise<{ connections: number; channels: number; result: T }>
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
      expect({ node, script, ...outcome }).toMatchObject({ code: 0 })
      return outcome.stdout.trimEnd()
    },
    root: (node) => labs.nodeRoot(at(node)),
    async sessions(node, work) {
      const before = await labs.nodeSessions(at(node))
      const result = await work()
      const after = await labs.nodeSessions(at(node))
      return {
        connections: after.connections - before.connections,
        channels: after.channels - before.channels,
        result,
      }
    },
    async down() {
      await labs.labDown(lab.name)
    },
  }
}
