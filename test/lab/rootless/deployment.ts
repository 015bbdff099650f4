import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { charms } from '../../../charms/index.ts'
import { makeStandInKata } from '../../../lib/lab/archives/stand-in-kata.ts'
import { type NodeOptions, type StandInNode, startStandInNode } from '../../../lib/lab/rootless/node.ts'
import { parseBundle } from '../../../lib/model/bundle.ts'
import type { Machine } from '../../../lib/model/declaration.ts'
import { machineOpener } from '../../../lib/run/open-machine.ts'
import { operate } from '../../../lib/run/operate.ts'
import type { NodeSession } from '../../../lib/run/node-session.ts'
import type { Outcome } from '../../../lib/run/outcome.ts'
import { blobProvider } from '../../../lib/run/provide-blob.ts'
import { deployBundle } from '../../../lib/run/verbs/deploy-bundle.ts'
import type { Verb } from '../../../lib/run/verb.ts'
import type { Workspace } from '../../../lib/run/workspace.ts'
import { folderStore } from '../../../lib/state/folder-store.ts'
import { makeKey, workspace } from '../../ssh/workspace.ts'

const BUNDLE = `
applications:
  containerd: { charm: containerd, to: all }
  kata: { charm: kata, options: { preflight: warn } }
relations:
  - [kata, containerd]
`

export interface Deployment {
  node: StandInNode
  /** The node's file tree. */
  root: string
  /** What an operator does from a state folder of its own. `through` may meddle with the session. */
  run(verb: Verb, how?: Manner): Promise<Outcome>
  /** Ends the node before the test does. */
  close(): Promise<void>
  /** Both charms from one bundle. */
  deploy: Verb
}

export interface Manner {
  state?: string
  through?: Through
}

export type Through = (session: NodeSession) => NodeSession

/** One rootless node, and an operator for it. */
export async function deployment(options: Partial<NodeOptions> = {}): Promise<Deployment> {
  const folder = workspace()
  const key = makeKey(folder, 'user')
  const hostKey = makeKey(folder, 'host').private
  const given = { name: 'n1', folder, base: 'trixie' as const, containerd: false, hostKey, clientKey: key.public }
  const node = await startStandInNode({ ...given, ...options })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= node.close())
  onTestFinished(close)
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, `${node.knownHostsLine}\n`)
  const address = { address: '127.0.0.1', ownAddress: '127.0.0.1', port: node.port, user: 'root' }
  const machine: Machine = { name: 'n1', ...address, key: key.file, knownHosts, tags: [] }
  const run = async (verb: Verb, { state = 'state', through = untouched }: Manner = {}): Promise<Outcome> => {
    const work: Workspace = {
      store: folderStore(join(folder, state)),
      name: 'test',
      charms,
      holder: 'the test',
      open: async (at) => through(await machineOpener({ say: () => undefined })(at)),
      provideBlob: blobProvider(),
      follow: () => undefined,
    }
    return await operate(work, verb)
  }
  return { node, root: join(folder, 'root'), run, close, deploy: await deployVerb(machine) }
}

const untouched: Through = (session) => session

let kataArchive: ReturnType<typeof makeStandInKata> | undefined

async function deployVerb(machine: Machine): Promise<Verb> {
  const archive = await (kataArchive ??= makeStandInKata({}))
  const bundle = parseBundle(BUNDLE, { file: 'test.yaml', charms })
  const terms = {
    inventory: { file: '/inventory.yaml', machines: [machine] },
    bind: {},
    knownHosts: machine.knownHosts,
    resources: {},
    options: {},
    lock: { resources: {} },
    prune: false,
  }
  const kata = bundle.applications['kata']
  if (!kata) throw new Error('the bundle has kata')
  const resources = { kata: { from: archive.path, sha256: archive.sha256 } }
  const applications = { ...bundle.applications, kata: { ...kata, resources } }
  return deployBundle({ ...bundle, applications }, terms, charms)
}
