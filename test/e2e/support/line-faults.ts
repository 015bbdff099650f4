import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestLab } from './labs.ts'

/** Nothing gets through to the node or from it for so long: its cable hangs on no bridge, and no end is told. */
export async function losePackets(lab: TestLab, node: string, ms: number): Promise<void> {
  const { dir, nodes } = lab.lab
  const port = `v${nodes.findIndex(({ name }) => name === node)}`
  const inHub = (...ip: string[]) => execFileSync('nsenter', [`--net=${join(dir, 'hub.net')}`, 'ip', 'link', ...ip])
  inHub('set', port, 'nomaster')
  try {
    await sleep(ms)
  } finally {
    inHub('set', port, 'master', 'br0')
  }
}

/**
 * The node's sshd is restarted, and what served its connections killed; with `whole` all that ran in the sessions as well. A step
 * goes on without them otherwise.
 */
export async function restartSshd(lab: TestLab, node: string, { whole }: { whole: boolean }): Promise<void> {
  await lab.sh(node, 'systemctl reset-failed ssh; systemctl restart ssh') // systemd counts the starts
  const all = processesOf(await lab.root(node))
  const servers = all.filter(({ name }) => name === 'sshd-session')
  const doomed = new Set(servers.map(({ pid }) => pid))
  const isBelow = ({ parent }: Process) => doomed.has(parent)
  for (let more = all; whole && more.length > 0;) {
    more = all.filter((each) => isBelow(each) && !doomed.has(each.pid))
    for (const { pid } of more) doomed.add(pid)
  }
  for (const pid of doomed) endProcess(pid)
}

interface Process {
  pid: number
  parent: number
  name: string
}

/** Those that live in the node's own namespace of processes; `root` is `/proc/PID/root` of its first. */
function processesOf(root: string): Process[] {
  const space = (pid: string) => readlinkSync(`/proc/${pid}/ns/pid`)
  const own = space(root.split('/')[2] ?? '')
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid): Process[] => {
      try {
        if (space(pid) !== own) return []
        const [, name = '', , parent = ''] =
          /^\d+ \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        return [{ pid: Number(pid), parent: Number(parent), name }]
      } catch {
        return [] // it has ended
      }
    })
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown
  }
}
