import { connect } from 'node:net'
import type { Lab, LabNode, User } from './types.ts'
import { attempt, type Outcome } from './process.ts'

export interface ExecOptions {
  /** Default: root. */
  user?: User
  input?: string
}

/** Runs a command on a node through ssh; its exit status is in the outcome (255: ssh itself failed). */
export function execOn(lab: Lab, node: LabNode, command: { argv: readonly string[] } & ExecOptions): Promise<Outcome> {
  const { argv, user = 'root', input } = command
  const options = [
    `UserKnownHostsFile=${lab.knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'BatchMode=yes',
    'ConnectTimeout=60',
  ]
  const ssh = [
    'ssh',
    '-F',
    'none',
    '-q',
    '-i',
    lab.key,
    '-o',
    'IdentitiesOnly=yes',
    ...options.flatMap((option) => ['-o', option]),
  ]
  const remote = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  return attempt(
    [...ssh, '-p', String(node.port), `${user}@${node.address}`, remote],
    input === undefined ? {} : { input },
  )
}

/** Whether an SSH server speaks at the node's port. */
export function isAnswering(node: LabNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: node.address, port: node.port, timeout: 5000 })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', end(true)).once('error', end(false)).once('close', end(false)).once('timeout', end(false))
  })
}
