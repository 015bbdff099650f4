import { expect, test } from 'vitest'
import type { Relation } from '../../lib/model/declaration.ts'
import { findRelation, matchEndpoints, overLimit, relationText, sameRelation } from '../../lib/model/relate.ts'
import { charms } from './charms.ts'
import { refusalOf } from './refusals.ts'

const { containerd, kata, crio, registry, contained } = charms
if (!containerd || !kata || !crio || !registry || !contained) throw new Error('charms.ts has changed')
const applications = { containerd, kata, crio, registry, contained, other: containerd }

const handlers: Relation = {
  provider: { app: 'containerd', endpoint: 'handlers' },
  requirer: { app: 'kata', endpoint: 'runtime' },
  life: 'present',
}
const cache: Relation = {
  provider: { app: 'registry', endpoint: 'cache' },
  requirer: { app: 'containerd', endpoint: 'cache' },
  life: 'present',
}
const match = (a: string, b: string, relations: Relation[] = []) =>
  matchEndpoints(a, b, { charms: applications, relations })
const text = (a: string, b: string, relations: Relation[] = []) => relationText(match(a, b, relations))

test.each([
  ['kata', 'containerd'],
  ['containerd', 'kata'],
  ['kata:runtime', 'containerd'],
  ['kata', 'containerd:handlers'],
  ['containerd:handlers', 'kata:runtime'],
])('relate %s %s', (a, b) => {
  expect(text(a, b)).toBe('kata:runtime containerd:handlers')
})

test('one endpoint of two decides an ambiguous relation', () => {
  expect(text('containerd', 'registry:mirror')).toBe('containerd:cache registry:mirror')
})

test('a relation that is being removed does not stand in the way', () => {
  expect(text('kata', 'containerd', [{ ...handlers, life: 'absent' }])).toBe('kata:runtime containerd:handlers')
  expect(text('other', 'registry:cache', [{ ...cache, life: 'absent' }])).toBe('other:cache registry:cache')
})

const both = 'expected a provider and a requirer of one interface; there are'

test.each([
  [
    'kta',
    'containerd',
    'not-found',
    'unknown application "kta": expected one of: containerd, kata, crio, registry, contained, other; did you mean "kata"?',
  ],
  [
    'kata',
    'constructor',
    'not-found',
    'unknown application "constructor": expected one of: containerd, kata, crio, registry, contained, other',
  ],
  [
    'kata:runtme',
    'containerd',
    'not-found',
    'unknown endpoint "runtme" of kata: expected runtime; did you mean "runtime"?',
  ],
  [
    'kata',
    'containerd:handler',
    'not-found',
    'unknown endpoint "handler" of containerd: expected one of: handlers, cache; did you mean "handlers"?',
  ],
  ['kata', 'containerd:', 'not-found', 'unknown endpoint "" of containerd: expected one of: handlers, cache'],
  ['kata:a:b', 'containerd', 'not-found', 'unknown endpoint "a:b" of kata: expected runtime'],
  [
    '',
    'containerd',
    'not-found',
    'unknown application "": expected one of: containerd, kata, crio, registry, contained, other',
  ],
  ['kata', 'kata', 'relation', '"kata" is related to itself: expected two applications'],
  [
    'containerd',
    'registry',
    'relation',
    'ambiguous: 2 relations are possible: expected one of: containerd:cache registry:cache, containerd:cache registry:mirror',
  ],
  [
    'kata',
    'crio',
    'relation',
    `no relation is possible, runtime-handlers v1 and v2 differ: kata:runtime and crio:handlers: ${both} kata:runtime (requires runtime-handlers v1), crio:handlers (provides runtime-handlers v2)`,
  ],
  [
    'containerd:handlers',
    'other:handlers',
    'relation',
    `no relation is possible, both provide runtime-handlers: containerd:handlers and other:handlers: ${both} containerd:handlers (provides runtime-handlers v1), other:handlers (provides runtime-handlers v1)`,
  ],
  [
    'kata',
    'registry:cache',
    'relation',
    `no relation is possible, no common interface: ${both} kata:runtime (requires runtime-handlers v1), registry:cache (provides image-cache v1)`,
  ],
  [
    'contained',
    'containerd:handlers',
    'relation',
    `no relation is possible, container scope needs a subordinate: contained:runtime and containerd:handlers: ${both} contained:runtime (requires runtime-handlers v1), containerd:handlers (provides runtime-handlers v1)`,
  ],
])('relate %s %s is refused: %s', (a, b, code, says) => {
  expect(refusalOf(() => match(a, b))).toBe(`${code}: ${a} ${b}: ${says}`)
})

test('a relation that exists is refused, also by other words', () => {
  expect(refusalOf(() => match('containerd:handlers', 'kata', [handlers]))).toBe(
    'relation: containerd:handlers kata: kata:runtime containerd:handlers exists: expected a new relation',
  )
  expect(() => match('kata', 'containerd', [handlers])).toThrow(
    expect.objectContaining({ detail: { hint: expect.stringContaining('kcharm resume') as string } }) as Error,
  )
})

test('a relation over an endpoint’s limit is refused', () => {
  expect(refusalOf(() => match('containerd', 'registry:mirror', [cache]))).toBe(
    'relation: containerd registry:mirror: too many relations at containerd:cache: expected at most one relation',
  )
})

test('every relation over the limit is found, in order', () => {
  const mirror = { ...cache, provider: { app: 'registry', endpoint: 'mirror' } }
  expect(overLimit([cache, handlers, mirror], applications).map(({ relation }) => relation)).toEqual([mirror])
})

test('two relations are the same whatever their life', () => {
  const leaving: Relation = { ...handlers, life: 'absent' }
  expect(sameRelation(handlers, leaving)).toBe(true)
  expect(sameRelation(handlers, cache)).toBe(false)
})

test.each([
  ['kata', 'containerd'],
  ['containerd', 'kata:runtime'],
])('unrelate %s %s finds it', (a, b) => {
  expect(findRelation(a, b, [cache, handlers])).toBe(handlers)
})

test('unrelate finds a relation whose end was held up, but one that is present before it', () => {
  const leaving = { ...handlers, life: 'absent' as const }
  expect(findRelation('kata', 'containerd', [cache, leaving])).toBe(leaving)
  expect(findRelation('kata', 'containerd', [leaving, handlers])).toBe(handlers)
})

test.each([
  [
    'kata',
    'registry',
    [handlers, cache],
    'not-found',
    'there is no such relation: expected one of: kata:runtime containerd:handlers, containerd:cache registry:cache',
  ],
  [
    'kata:runtme',
    'containerd',
    [handlers],
    'not-found',
    'there is no such relation: expected one of: kata:runtime containerd:handlers',
  ],
  ['kata', 'containerd', [], 'not-found', 'there is no such relation: there are none'],
  [
    'containerd',
    'registry',
    [cache, { ...cache, provider: { app: 'registry', endpoint: 'mirror' } }],
    'relation',
    '2 relations fit: expected one of: containerd:cache registry:cache, containerd:cache registry:mirror',
  ],
])('unrelate %s %s is refused', (a, b, relations, code, says) => {
  expect(refusalOf(() => findRelation(a, b, relations))).toBe(`${code}: ${a} ${b}: ${says}`)
})
