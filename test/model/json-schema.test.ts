import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { charms } from '../../charms/index.ts'
import { bundleJsonSchema, inventoryJsonSchema } from '../../lib/model/json-schema.ts'
import { INVENTORY } from '../../docs/render/pages.ts'

const ROOT = join(import.meta.dirname, '../..')
const ajv = new Ajv2020({ strict: false, unicodeRegExp: true, validateFormats: false })
const bundle = ajv.compile(bundleJsonSchema(charms))
const inventory = ajv.compile(inventoryJsonSchema())

const app = (text: string): unknown => parse(`applications: { a: ${text} }`)

test.each(['containerd-kata', 'lab'])('bundles/%s.yaml is one, and names the schema', (name) => {
  const text = readFileSync(join(ROOT, 'bundles', `${name}.yaml`), 'utf8')
  expect(bundle(parse(text)), ajv.errorsText(bundle.errors)).toBe(true)
  expect(text).toMatch(/^# yaml-language-server: \$schema=\S+bundle\.schema\.json\n/)
})

test('the example of an inventory is one', () => {
  expect(inventory(parse(INVENTORY)), ajv.errorsText(inventory.errors)).toBe(true)
  expect(INVENTORY).toMatch(/^# yaml-language-server: \$schema=\S*inventory\.schema\.json\n/)
})

test('each charm has its own options and resources', () => {
  expect(bundle(app('{ charm: kata, options: { preflight: warn }, resources: { kata: x } }'))).toBe(true)
  expect(bundle(app('{ charm: containerd, options: { systemd_cgroup: auto } }'))).toBe(true)
})

test.each([
  ['{ charm: kata, options: { preflight: maybe } }', '/applications/a/options/preflight'],
  ['{ charm: kata, options: { systemd_cgroup: true } }', '/applications/a/options'],
  ['{ charm: containerd, options: { preflight: warn } }', '/applications/a/options'],
  ['{ charm: kata, resources: { kat: x } }', '/applications/a/resources'],
  ['{ charm: nothing }', '/applications/a/charm'],
  ['{ charm: kata, colour: blue }', '/applications/a'],
])('a fault is found in its place: %s', (text, place) => {
  expect(bundle(app(text))).toBe(false)
  expect(bundle.errors?.map(({ instancePath }) => instancePath)).toContain(place)
})

test('a fault of an inventory is found', () => {
  expect(inventory(parse('machines: [{ name: a, address: a, prt: 22 }]'))).toBe(false)
})

test('a variable or a file may stand for any value of an application', () => {
  const text = '{ charm: kata, num_units: "${n}", options: { preflight: "${p}", shims: "${s}" } }'
  expect(bundle(app(text)), ajv.errorsText(bundle.errors)).toBe(true)
  expect(bundle(app('{ charm: kata, options: { preflight: "include-file://x" } }'))).toBe(true)
  expect(bundle(app('{ charm: kata, options: { preflight: "$p" } }'))).toBe(false)
  expect(bundle(parse('{ vars: { n: 1, l: [a] }, applications: { a: { charm: kata } } }'))).toBe(true)
  expect(bundle(parse('{ vars: { n: }, applications: { a: { charm: kata } } }'))).toBe(false)
})
