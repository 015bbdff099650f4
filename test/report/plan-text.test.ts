import { describe, expect, test } from 'vitest'
import { KcharmError } from '../../lib/errors/index.ts'
import type { PlannedChange, SitePlan } from '../../lib/plan/plan-site.ts'
import { type PlanReport, renderPlan } from '../../lib/report/plan-text.ts'

const change = (unit: string, more: Partial<PlannedChange>): PlannedChange => ({
  unit,
  stage: 'configuring',
  key: 'file:/etc/x',
  verb: 'write /etc/x',
  after: 'd1',
  mayChange: false,
  ...more,
})

const site = (machine: string, number: number, changes: Partial<PlannedChange>[]): SitePlan => ({
  machine,
  changes: changes.map((each) => change(`app/${number}`, each)),
  units: [{ unit: `app/${number}`, app: 'app', state: 'active', status: 'active', message: 'fine' }],
  notes: [],
  records: 0,
  reads: {},
  later: [],
})

const report = (plans: SitePlan[], more: Partial<PlanReport> = {}) =>
  renderPlan({ model: 'default', plans, failed: [], ...more })

test('machines with the same changes stand together, others by themselves', () => {
  const plans = [
    site('n1', 0, [{}]),
    site('n2', 1, [{}]),
    site('n3', 2, [{ verb: 'write /etc/y', key: 'file:/etc/y' }]),
  ]
  expect(report(plans)).toBe(
    `n1, n2  (2 machines, the same on each)
  app: will be active, fine
    + write /etc/x

n3
  app/2: will be active, fine
    + write /etc/y

Model default: 3 changes on 3 of 3 machines.
`,
  )
})

test('what stays although it was to go is shown, also where nothing else is to be done', () => {
  const kept = { unit: 'app/1', text: 'kept file:/etc/x: a hand edited it', asks: false, kept: true as const }
  const plans = [site('n1', 0, []), { ...site('n2', 1, []), notes: [kept] }]
  expect(report(plans)).toBe(
    `n2
  app/1: active, fine
    * kept file:/etc/x: a hand edited it

Model default: no changes on 2 machines.
`,
  )
  const both = [site('n1', 0, [{}]), { ...site('n2', 1, [{}]), notes: [kept] }]
  expect(report(both)).toMatch(/^n1\n[^]*^n2\n/m)
})

test('nothing to do is said in one line', () => {
  expect(report([site('n1', 0, []), site('n2', 1, [])])).toBe('Model default: no changes on 2 machines.\n')
})

test('a change shows its diff, its reason, and whether it may prove needless', () => {
  const texts = { before: 'a\nb\npassword = "old-one"\n', after: 'a\nc\npassword = "new-one"\n' }
  const text = report([
    site('n1', 0, [
      { texts, intent: 'set c' },
      { key: 'file:/etc/z', verb: 'edit /etc/z', intent: 'set d', mayChange: true },
      { key: 'svc:x', verb: 'restart x', why: 'it reads /etc/x' },
      { key: 'link:/l', verb: 'remove /l', mayChange: true },
    ]),
  ])
  expect(text).toContain('    + write /etc/x\n        @@ -1,3 +1,3 @@\n         a\n        -b\n')
  expect(text).toContain('        +c\n')
  expect(text).toMatch(/-password = "«secret \w{4}»"\n/)
  expect(text).not.toContain('old-one')
  expect(text).toContain('    + edit /etc/z (may change)  set d\n')
  expect(text).toContain('    ! restart x  it reads /etc/x\n')
  expect(text).toContain('    - remove /l (may change)\n')
})

test('control characters that a machine put into a file do not reach the terminal', () => {
  const texts = { before: '', after: 'x\u001b[2Jy\u202ez\n' }
  const text = report([site('n1', 0, [{ texts, why: 'a\u0007b' }])])
  expect(text).toContain('+x\\u{1b}[2Jy\\u{202e}z')
  expect(text).toContain('a\\u{7}b')
})

test('a unit that will be blocked says why and what to do', () => {
  const plan = site('n1', 0, [{}])
  plan.units = [{ unit: 'app/0', app: 'app', state: 'b', status: 'blocked', message: 'no KVM', hint: 'load kvm' }]
  expect(report([plan])).toContain('  app/0: will be blocked, no KVM\n      hint: load kvm\n')
})

test('a unit that is blocked is shown although nothing changes; one that is well is not', () => {
  const plan = site('n1', 0, [])
  plan.units = [{ unit: 'app/0', app: 'app', state: 'b', status: 'blocked', message: 'no KVM' }]
  expect(report([plan])).toContain('n1\n  app/0: blocked, no KVM\n\nModel')
  plan.units = [{ unit: 'app/0', app: 'app', state: 'a', status: 'active', message: 'fine' }]
  expect(report([plan])).not.toContain('app/0')
})

test('a stage of which only its coming is known is shown as such', () => {
  const plan = site('n1', 0, [{}])
  plan.later = [{ unit: 'app/0', stage: 'proving', verb: 'later: known once x is there' }]
  expect(report([plan])).toContain('    ? proving: later: known once x is there\n')
})

test('machines that could not be planned are named and counted', () => {
  const failed = [{ machine: 'n2', error: new KcharmError('connection', 'no answer') }]
  const text = report([site('n1', 0, [])], { failed })
  expect(text).toBe('n2: no answer\nModel default: no changes on 1 machine; 1 machine could not be planned.\n')
})

describe('what is no longer in the bundle', () => {
  const end = { app: 'a', endpoint: 'x' }
  const notes = {
    vanished: {
      applications: ['old'],
      relations: [{ provider: end, requirer: { app: 'b', endpoint: 'y' } }],
      machines: ['n9'],
      units: [{ app: 'app', machine: 'n8' }],
    },
    kept: [{ app: 'app', key: 'token', value: 'abcdef' }],
  }

  test('is kept and shown, as are options set by config, without their secrets', () => {
    const text = report([], { notes: { ...notes, pruned: false } })
    expect(text.split('\n').slice(0, 4)).toEqual([
      'No longer in the bundle (kept; --prune removes it): application old',
      'No longer in the bundle (kept; --prune removes it): relation b:y a:x',
      'No longer in the bundle (kept; --prune removes it): machine n9',
      'No longer in the bundle (kept; --prune removes it): app on n8',
    ])
    expect(text).toMatch(/Set by config, not named by the bundle: app token=«secret \w{4}»/)
  })

  test('is removed with --prune', () => {
    expect(report([], { notes: { ...notes, pruned: true } })).toContain('(removed): application old')
  })
})
