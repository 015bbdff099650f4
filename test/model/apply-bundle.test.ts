import { expect, test } from 'vitest'
import type { Applied } from '../../lib/model/apply-bundle.ts'
import type { Application, Relation } from '../../lib/model/declaration.ts'
import { relationText } from '../../lib/model/relate.ts'
import { again, apply, both, nothing, three } from './deploys.ts'
import { refusalOf } from './refusals.ts'

const lifeOf = ({ model }: Applied, app: string) => model.applications[app]?.life

/** Made by hand, as `relate` does it. */
const byHand: Relation = {
  provider: { app: 'c', endpoint: 'handlers' },
  requirer: { app: 'k', endpoint: 'runtime' },
  life: 'present',
}

function applicationOf({ model }: Applied, app: string): Application {
  const found = model.applications[app]
  if (found === undefined) throw new Error(`no application ${app}`)
  return found
}

test('a first deploy declares what the bundle says', () => {
  const { model, vanished, kept, record } = apply(both)
  expect(model).toEqual({
    name: 'm',
    id: 'id',
    applications: {
      c: {
        name: 'c',
        charm: 'containerd',
        bundleOptions: {},
        setOptions: {},
        resources: {},
        machines: ['n1', 'n2', 'n3'],
        life: 'present',
      },
      k: { name: 'k', charm: 'kata', bundleOptions: {}, setOptions: {}, resources: {}, machines: [], life: 'present' },
    },
    relations: [
      { provider: { app: 'c', endpoint: 'handlers' }, requirer: { app: 'k', endpoint: 'runtime' }, life: 'present' },
    ],
    machines: { n1: three[0], n2: three[1], n3: three[2] },
  })
  expect({ vanished, kept }).toEqual({ vanished: nothing, kept: [] })
  expect(record).toEqual({
    applications: { c: [], k: [] },
    relations: ['k:runtime c:handlers'],
    machines: ['n1', 'n2', 'n3'],
    bound: { n1: 'n1', n2: 'n2', n3: 'n3' },
  })
})

test('the same bundle again changes nothing', () => {
  const first = apply(both)
  expect(again(first, both)).toEqual(first)
})

test('the model that is given is not changed', () => {
  const first = apply(both)
  const before = JSON.stringify(first)
  again(first, 'applications: {c: {charm: containerd, options: {source: package}, to: n1}}', { prune: true })
  expect(JSON.stringify(first)).toBe(before)
})

const withOptions = (options: string) => `applications: {c: {charm: containerd, options: ${options}}}`

function configured(before: Applied, setOptions: Record<string, unknown>): Applied {
  const c = applicationOf(before, 'c')
  const applications = { ...before.model.applications, c: { ...c, setOptions } }
  return { ...before, model: { ...before.model, applications } }
}

test('an option that left the bundle returns to its default', () => {
  const first = apply(withOptions('{source: package, version: "1"}'))
  expect(again(first, withOptions('{version: "1"}')).model.applications['c']?.bundleOptions).toEqual({ version: '1' })
})

test('an option that config set and no bundle named stays and is shown', () => {
  const second = again(
    configured(apply(withOptions('{source: package}')), { version: '2' }),
    withOptions('{source: auto}'),
  )
  expect(second.model.applications['c']).toMatchObject({
    bundleOptions: { source: 'auto' },
    setOptions: { version: '2' },
  })
  expect(second.kept).toEqual([{ app: 'c', key: 'version', value: '2' }])
})

test('where bundle and config name the same option the bundle wins', () => {
  const second = again(configured(apply(withOptions('{}')), { version: '2' }), withOptions('{version: "3"}'))
  expect(second.model.applications['c']).toMatchObject({ bundleOptions: { version: '3' }, setOptions: {} })
  expect(second.kept).toEqual([])
})

test('what config set over the bundle goes when the bundle drops the option', () => {
  const second = again(configured(apply(withOptions('{version: "1"}')), { version: '2' }), withOptions('{}'))
  expect(second.model.applications['c']).toMatchObject({ bundleOptions: {}, setOptions: {} })
})

test('a resource that left the bundle goes, one that was given by hand stays', () => {
  const first = apply('applications: {k: {charm: kata, resources: {kata-static: /a.tar.xz}}}')
  expect(again(first, 'applications: {k: {charm: kata}}').model.applications['k']?.resources).toEqual({})
  const bare = apply('applications: {k: {charm: kata}}')
  const k = applicationOf(bare, 'k')
  const byHand = { ...k, resources: { 'kata-static': { from: '/hand.tar.xz' } } }
  const model = { ...bare.model, applications: { k: byHand } }
  const kept = again({ ...bare, model }, 'applications: {k: {charm: kata}}')
  expect(kept.model.applications['k']?.resources).toEqual({ 'kata-static': { from: '/hand.tar.xz' } })
})

test('an application and its relations that vanished are shown, and stay', () => {
  const second = again(apply(both), 'applications: {c: {charm: containerd}}')
  expect(second.vanished.applications).toEqual(['k'])
  expect(second.vanished.relations.map(relationText)).toEqual(['k:runtime c:handlers'])
  expect(lifeOf(second, 'k')).toBe('present')
  expect(second.model.relations[0]?.life).toBe('present')
})

test('what vanished is still known to a later deploy with prune', () => {
  const alone = 'applications: {c: {charm: containerd}}'
  const third = again(again(apply(both), alone), alone, { prune: true })
  expect(third.vanished.applications).toEqual(['k'])
  expect(lifeOf(third, 'k')).toBe('absent')
  expect(third.model.relations[0]?.life).toBe('absent')
  expect(again(third, alone).vanished).toEqual(nothing)
})

test('what verbs made is not the bundle’s, so it does not vanish', () => {
  const first = apply('applications: {c: {charm: containerd}, k: {charm: kata}}')
  const other = { ...applicationOf(first, 'c'), name: 'other' }
  const model = { ...first.model, relations: [byHand], applications: { ...first.model.applications, other } }
  const second = again({ ...first, model }, 'applications: {c: {charm: containerd}, k: {charm: kata}}', { prune: true })
  expect(second.vanished).toEqual(nothing)
  expect(second.model.relations).toEqual([byHand])
  expect(lifeOf(second, 'other')).toBe('present')
})

test('a pruned application takes along relations that were made by hand', () => {
  const first = apply('applications: {c: {charm: containerd}, k: {charm: kata}}')
  const model = { ...first.model, relations: [byHand] }
  const second = again({ ...first, model }, 'applications: {c: {charm: containerd}}', { prune: true })
  expect(second.model.relations).toEqual([{ ...byHand, life: 'absent' }])
})

test('an application that is being removed is declared anew, without what config had set', () => {
  const first = configured(apply(both), { version: '2' })
  const c = applicationOf(first, 'c')
  const relations = first.model.relations.map((relation) => ({ ...relation, life: 'absent' as const }))
  const model = {
    ...first.model,
    relations,
    applications: { ...first.model.applications, c: { ...c, life: 'absent' as const } },
  }
  const second = again({ ...first, model }, both)
  expect(second.model.applications['c']).toMatchObject({ life: 'present', setOptions: {} })
  expect(second.model.relations).toHaveLength(1)
  expect(second.model.relations[0]?.life).toBe('present')
})

test('another charm under the same name is refused', () => {
  const first = apply('applications: {c: {charm: containerd}}')
  expect(refusalOf(() => again(first, 'applications: {c: {charm: registry}}'))).toBe(
    [
      'invalid-bundle: b.yaml cannot be used: one fault',
      'b.yaml:1:27: charm registry (applications.c.charm): expected containerd, which the application has; remove it first, or choose another name',
    ].join('\n'),
  )
})

test('relations of before and of the bundle are held to the limit together', () => {
  const one =
    'applications: {c: {charm: containerd}, r1: {charm: registry}, r2: {charm: registry}}\nrelations: [[c, "r1:cache"]]'
  const two = one.replace('r1:cache', 'r2:cache')
  expect(refusalOf(() => again(apply(one), two))).toBe(
    'relation: c:cache r2:cache: too many relations at c:cache, expected at most one relation',
  )
  const pruned = again(apply(one), two, { prune: true })
  expect(pruned.model.relations.map((relation) => `${relationText(relation)} ${relation.life}`)).toEqual([
    'c:cache r1:cache absent',
    'c:cache r2:cache present',
  ])
})
