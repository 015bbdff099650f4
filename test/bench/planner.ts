import { join } from 'node:path'
import { charms } from '../../charms/index.ts'
import type { Key } from '../../lib/host/view.ts'
import { emptyModel, type Machine, type Model, type ResourceRef } from '../../lib/model/declaration.ts'
import { Answers } from '../../lib/run/answers.ts'
import { closeFleet, type FleetGiven, type FleetSite, planFleet, planLinks } from '../../lib/run/fleet.ts'
import { type MachineOpener, machineOpener } from '../../lib/run/open-machine.ts'
import { resolveBlobs } from '../../lib/run/resolve-blobs.ts'
import { learn, type SiteLink } from '../../lib/run/site-link.ts'

export interface PlannerAnswer {
  units: number
  changes: number
  ms: number
}

/** What makes one class differ from the next: its parser passes over a word that it does not know. */
const varies = (key: Key) => key.startsWith('kata:fitness:')

const HANDLERS = { app: 'containerd', endpoint: 'handlers' }
const RUNTIME = { app: 'kata', endpoint: 'runtime' }

// Reads one bare machine, lets so many others say the same in so many classes, and plans a first deploy of both charms on all.
// Arguments: the folder with the key, the machine's port, the archive of Kata and its digest; machines; classes.
void main(process.argv.slice(2))

async function main([folder = '', port, archive = '', sha256 = '', count, classes]: string[]): Promise<void> {
  const open = machineOpener({ say: () => undefined })
  const reach = { address: '127.0.0.1', ownAddress: '127.0.0.1', port: Number(port), user: 'root' }
  const login = { ...reach, key: join(folder, 'key'), knownHosts: join(folder, 'known_hosts'), tags: [] }
  const kata = { from: archive, sha256 }
  const fleet = await planFleet(await givenFor([{ name: 'm', ...login }], kata, open))
  await closeFleet(fleet)
  const [seen] = fleet.sites
  if (seen === undefined) throw fleet.failed[0]?.error
  const machines = Array.from({ length: Number(count) }, (_, index) => ({ ...login, name: `m${index}` }))
  const links = alike(seen, machines, Number(classes))
  const given = await givenFor(machines, kata, open)
  const started = performance.now()
  const { sites } = await planLinks(links, given, [])
  const ms = performance.now() - started
  const total = (of: (site: FleetSite) => number) => sites.reduce((sum, site) => sum + of(site), 0)
  const answer = { units: total((site) => site.plan.units.length), changes: total((site) => site.plan.changes.length) }
  process.stdout.write(JSON.stringify({ ...answer, ms } satisfies PlannerAnswer))
}

/** Everything but what the machines say. */
async function givenFor(machines: Machine[], kata: ResourceRef, open: MachineOpener): Promise<FleetGiven> {
  const app = { bundleOptions: {}, setOptions: {}, resources: {}, machines: [], life: 'present' as const }
  const names = machines.map(({ name }) => name)
  const model: Model = {
    ...emptyModel('bench', 'bench'),
    machines: Object.fromEntries(machines.map((machine) => [machine.name, machine])),
    applications: {
      containerd: { ...app, name: 'containerd', charm: 'containerd', machines: names },
      kata: { ...app, name: 'kata', charm: 'kata', bundleOptions: { preflight: 'warn' }, resources: { kata } },
    },
    relations: [{ provider: HANDLERS, requirer: RUNTIME, life: 'present' }],
  }
  const blobs = await resolveBlobs(model)
  return { model, charms, blobs, machines, known: [], hints: {}, looksOnly: true, open }
}

/** Machines that say what the one has said, but for a word. */
function alike({ link, readings }: FleetSite, machines: Machine[], classes: number): SiteLink[] {
  const answers = new Answers()
  return machines.map((machine, index) => {
    // The session is closed: a plan that asks for more than the first one did fails.
    const own: SiteLink = { ...link, machine, answers, observed: new Map(), frames: new Map(), heard: '' }
    for (const [key, reading] of readings) {
      const frame = link.frames.get(key) ?? ''
      learn(own, reading, varies(key) ? `${frame}\nclass ${index % classes}` : frame)
    }
    return own
  })
}
