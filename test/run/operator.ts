import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { charms } from '../../charms/index.ts'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'
import { type StandInNode, startStandInNode } from '../../lib/lab/rootless/node.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import type { Machine } from '../../lib/model/declaration.ts'
import { machineOpener } from '../../lib/run/open-machine.ts'
import { type How, operate } from '../../lib/run/operate.ts'
import type { Outcome } from '../../lib/run/outcome.ts'
import { blobProvider } from '../../lib/run/provide-blob.ts'
import type { Verb } from '../../lib/run/verb.ts'
import { type BundleTerms, deployBundle } from '../../lib/run/verbs/deploy-bundle.ts'
import type { DeployTerms } from '../../lib/run/verbs/deploy-terms.ts'
import type { Workspace } from '../../lib/run/workspace.ts'
import { folderStore } from '../../lib/state/folder-store.ts'
import type { StoredModel } from '../../lib/state/stored-model.ts'
import { makeKey, workspace } from '../ssh/workspace.ts'

/** containerd and kata on every machine; `kataLines` stand below `kata:`. */
export const BOTH = (kataLines = 'options: { preflight: warn }') => `
applications:
  containerd: { charm: containerd, to: all }
  kata: { charm: kata, ${kataLines} }
relations:
  - [kata, containerd]
`

export interface TestOperator {
  nodes: (StandInNode & { root: string })[]
  machines: Machine[]
  /** From a state folder of its own. */
  work(state?: string, model?: string): Workspace
  run(verb: Verb, how?: How & { state?: string }): Promise<Outcome>
  stored(state?: string): Promise<StoredModel>
  terms(more?: Partial<DeployTerms>): DeployTerms
  deploy(text: string, more?: Partial<BundleTerms>): Verb
}

/** Rootless nodes n1, n2, …, each with stand-ins for a system's programs, and somebody who deploys on them. */
export async function testOperator(count: number): Promise<TestOperator> {
  const folder = workspace()
  const key = makeKey(folder, 'user')
  const hostKey = makeKey(folder, 'host').private
  const nodes = await Promise.all(Array.from({ length: count }, (_, i) => startNode(join(folder, `n${i + 1}`), i)))
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, nodes.map((node) => `${node.knownHostsLine}\n`).join(''))
  const machines = nodes.map(({ port }, i): Machine => {
    const reach = { address: '127.0.0.1', ownAddress: '127.0.0.1', port, user: 'root', key: key.file, knownHosts }
    return { name: `n${i + 1}`, ...reach, tags: [] }
  })
  const archive = await makeStandInKata({})
  const store = (state: string) => folderStore(join(folder, state))
  const work = (state = 'state', model = 'test'): Workspace => ({
    store: store(state),
    name: model,
    charms,
    holder: 'the test',
    open: machineOpener({ say: () => undefined }),
    provideBlob: blobProvider(),
    follow: () => undefined,
  })
  const terms = (more: Partial<DeployTerms> = {}): DeployTerms => ({
    inventory: { file: '/inventory.yaml', machines },
    bind: {},
    resources: { kata: { kata: archive.path } },
    options: {},
    lock: { resources: { 'kata-static-3.20.0-amd64.tar.xz': archive.sha256 } },
    ...more,
  })
  return {
    nodes,
    machines,
    work,
    terms,
    run: (verb, { state, ...how } = {}) => operate(work(state), verb, how),
    async stored(state = 'state') {
      const found = await store(state).read('test')
      if (found === undefined) throw new Error('nothing is stored')
      return found
    },
    deploy: (text, more = {}) => {
      const given = { ...terms(), prune: false, ...more }
      return deployBundle(parseBundle(text, { file: 'test.yaml', charms }), given, charms)
    },
  }

  async function startNode(place: string, i: number) {
    mkdirSync(place, { mode: 0o755 })
    const given = { folder: place, base: 'trixie' as const, containerd: false, hostKey, clientKey: key.public }
    const node = await startStandInNode({ name: `n${i + 1}`, ...given })
    onTestFinished(() => node.close())
    return { ...node, root: join(place, 'root') }
  }
}

/** `machine unit verb` of everything that was planned. */
export function planned({ plans }: Pick<Outcome, 'plans'>): string[] {
  return plans.flatMap(({ machine, changes }) => changes.map(({ unit, verb }) => `${machine} ${unit} ${verb}`))
}

export function statuses({ units }: Pick<Outcome, 'units'>): string[] {
  return units.map(({ machine, record, status }) => `${record.unit} ${machine} ${status}`)
}
