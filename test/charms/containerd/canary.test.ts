import { expect, test } from 'vitest'
import { charms } from '../../../charms/index.ts'
import type { Reading } from '../../../lib/host/view.ts'
import { recordsOf } from '../../../lib/lifecycle/manifest.ts'
import type { Site } from '../../../lib/lifecycle/unit.ts'
import { unitsOf } from '../../../lib/model/units.ts'
import { planSite, type SitePlan } from '../../../lib/plan/plan-site.ts'
import { maskValue } from '../../../lib/report/mask.ts'
import { planJson } from '../../../lib/report/outcome-json.ts'
import { renderPlan } from '../../../lib/report/plan-text.ts'
import { copySite, siteOf } from '../../../lib/run/sites.ts'
import { type MemoryMachine, play } from '../../../lib/testing/index.ts'
import { adoptedMachine, FRESH, modelOf } from '../../lifecycle/pair.ts'
import { CONFIG } from './machine.ts'

const HOSTS = '/etc/containerd/certs.d/docker.io/hosts.toml'
const CANARY = 'canary-in-the-mine'
const BASIC = Buffer.from(`me:${CANARY}`).toString('base64')
const OLD = `[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]
  password = "${CANARY}"
  auth = '${BASIC}'
  identitytoken = "${CANARY}"
`
const mirrors = [{ url: 'https://m.example', username: 'me', password: 'env:PASSWORD' }]
const options = {
  registries: [{ host: 'docker.io', mirrors }],
  http_proxy: 'env:PROXY',
  sandbox_image: 'pause:1',
  restrict_oom_score_adj: 'false',
}

function siteWith(machine: MemoryMachine, secret: string, life: 'present' | 'absent' = 'present'): Site {
  const model = modelOf({ ...FRESH, kata: 'absent', related: false, containerd: life })
  const { containerd } = model.applications
  if (containerd) containerd.bundleOptions = options
  const records = [...recordsOf(machine.lines).values()]
  const recorded = records.map((record) => ({ machine: 'm', unit: record.unit, app: record.app, charm: record.charm }))
  const declared = unitsOf(model, { recorded, charms })
  const secrets: Record<string, string> = { 'env:PASSWORD': secret, 'env:PROXY': `http://me:${secret}@proxy` }
  return siteOf('m', machine.lines, { model, charms, declared, blobs: {}, secret: (name) => secrets[name] ?? '' })
}

/** All that a plan and its run show, write down, or leave on the machine besides the files themselves. */
function traces(machine: MemoryMachine, site: () => Site): { said: string; plan: SitePlan; writes: string[] } {
  const observed = new Map<string, unknown>()
  const steps = planSite(copySite(site()), observed)
  let next = steps.next()
  while (!next.done) {
    for (const reading of next.value as Reading<unknown>[]) observed.set(reading.key, machine.value(reading.key))
    next = steps.next()
  }
  const { plan } = next.value
  const text = renderPlan({ model: 'm', plans: [plan], failed: [] })
  const shown = [text, JSON.stringify(planJson(plan)), JSON.stringify(maskValue(plan.changes))]
  const ours = JSON.stringify(plan.changes.filter(({ key }) => key !== `file:${CONFIG}`))
  const { writes, events } = play(site(), machine)
  return { said: [...shown, ours, JSON.stringify(events), JSON.stringify(machine.lines)].join('\n'), plan, writes }
}

test('a secret is in its file and nowhere else, from the first deploy over its change to the removal', () => {
  const machine = adoptedMachine()
  machine.putFile(CONFIG, `version = 2\n${OLD}`)
  const before = [...machine.texts]
  const first = traces(machine, () => siteWith(machine, CANARY))
  expect(machine.texts.get(HOSTS)).toContain(BASIC)
  expect(machine.cells.get(`file:${HOSTS}`)).toMatchObject({ mode: '0600' })
  expect(first.said).toContain(`write ${HOSTS}  (secret text)`)
  expect(first.said).toContain('identitytoken = "«secret ')
  const second = traces(machine, () => siteWith(machine, `${CANARY}-2`))
  expect(second.writes).toEqual([
    `containerd/0 write ${HOSTS}`,
    'containerd/0 write /etc/systemd/system/containerd.service.d/zz-kcharm.conf',
    'containerd/0 restart containerd',
  ])
  const third = traces(machine, () => siteWith(machine, `${CANARY}-2`, 'absent'))
  expect(third.said).toContain(`remove ${HOSTS}  (secret text)`)
  expect([...machine.texts]).toEqual(before)
  for (const { said } of [first, second, third]) {
    expect(said).not.toContain(CANARY)
    expect(said).not.toContain(BASIC)
    expect(said).not.toContain(Buffer.from(`me:${CANARY}-2`).toString('base64'))
  }
})
