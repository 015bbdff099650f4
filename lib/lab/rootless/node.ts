import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Base } from '../types.ts'
import { answerCri } from './cri-socket.ts'
import { identity } from './identity.ts'
import { layStandIns } from './lay-stand-ins.ts'
import { type RootlessNode, type RootlessOptions, startRootlessNode } from './server.ts'
import { makeTree } from './tree.ts'

export interface NodeOptions extends Omit<RootlessOptions, 'root' | 'binDir'> {
  /** Holds the node's tree `root` and its stand-ins; the node's user must be able to pass through it. */
  folder: string
  /** Whose packages it has. */
  base: Base
  /** Installed before anybody logs in. */
  containerd: boolean
}

export interface StandInNode extends RootlessNode {
  /** A power cut, and the power comes back: /run is empty, enabled services start. */
  reboot(): Promise<void>
}

/**
 * A rootless node with the programs that stand in for a system's. A tree that is not there yet is made; one that is there boots:
 * its /run is emptied and its enabled services start.
 */
export async function startStandInNode(options: NodeOptions): Promise<StandInNode> {
  const { folder, base, containerd } = options
  const root = join(folder, 'root')
  const isNew = !existsSync(root)
  const binDir = await layStandIns(folder, base)
  if (isNew) {
    await mkdir(root, { recursive: true })
    await makeTree(root)
  }
  const cri = await answerCri(root)
  const on = { root, binDir }
  if (!isNew) await boot(on)
  else if (containerd) await inside(on, ['apt-get', '-y', 'install', 'containerd'])
  const node = await startRootlessNode({ ...options, root, binDir })
  const close = async (): Promise<void> => {
    await node.close()
    cri.close()
    await once(cri, 'close')
  }
  const reboot = async (): Promise<void> => {
    node.kill()
    await boot(on)
  }
  return { ...node, close, reboot }
}

interface On {
  root: string
  binDir: string
}

async function boot(on: On): Promise<void> {
  const run = join(on.root, 'run')
  for (const name of await readdir(run)) await rm(join(run, name), { recursive: true, force: true })
  const enabled = await readdir(join(on.root, 'etc/systemd/system/multi-user.target.wants')).catch(() => [])
  for (const unit of enabled) await inside(on, ['systemctl', 'start', unit]).catch(() => undefined)
}

/** Runs one of the stand-ins as the node's own user. */
async function inside({ root, binDir }: On, [program = '', ...args]: string[]): Promise<void> {
  const env = { KCHARM_ROOT: root, PATH: `${binDir}:${process.env['PATH'] ?? '/usr/bin:/bin'}` }
  await promisify(execFile)(join(binDir, program), args, { ...(await identity(root)), env, cwd: root })
}
