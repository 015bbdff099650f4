import { resolve } from 'node:path'
import { parse as parseToml } from '@iarna/toml'
import { expect } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { readLeaves, renderLeaves, setLeaves } from '../../charms/kata/toml.ts'
import { tomlPath, tomlValue } from '../../charms/containerd/toml/render.ts'
import { KcharmError } from '../../lib/errors/index.ts'
import { parseManifest, renderLine } from '../../lib/lifecycle/manifest.ts'
import { parseBundle } from '../../lib/model/bundle.ts'
import { parseInventory } from '../../lib/model/inventory.ts'
import { escaped } from '../../lib/model/variables.ts'
import { renderBundle } from '../../lib/report/bundle-text.ts'
import { renderJson } from '../../lib/report/terminal-text.ts'
import { charms } from '../model/charms.ts'
import { fileText, machine, objectsOf } from '../charms/containerd/machine.ts'
import { chunks, hostile, OBEYED } from './values.ts'

/** What TOML does not allow as it stands (toml.io, "Basic strings"). */
const RAW = /[\0-\x08\x0b-\x1f\x7f]/

export function toml(seed: number, count: number): number {
  for (const values of chunks(hostile(seed)(count), 250)) {
    const text = `list = ${tomlValue(values)}\n${values.map((key, at) => `${tomlPath(['t', key])} = ${at}\n`).join('')}`
    expect(text).not.toMatch(RAW)
    expect(parseToml(text)).toEqual({ list: values, t: Object.fromEntries(values.map((key, at) => [key, at])) })
    const leaves = Object.fromEntries(values.map((value, at) => [`a.k${at}`, value]))
    for (const kata of [renderLeaves(leaves), setLeaves('[a]\nk1 = "x"\n', leaves)]) {
      expect(kata).not.toMatch(RAW)
      expect(readLeaves(kata, 'x')).toEqual(leaves)
    }
  }
  return count
}

export function yaml(seed: number, count: number): number {
  for (const values of chunks(hostile(seed)(count), 500)) {
    const value = { list: values, map: Object.fromEntries(values.map((key) => [key, key])) }
    const text = renderBundle(value)
    expect(text).not.toMatch(OBEYED)
    expect(parseYaml(text)).toEqual(value)
  }
  return count
}

export function json(seed: number, count: number): number {
  for (const values of chunks(hostile(seed)(count), 500)) {
    const lines = values.map((value) => ({ t: 'model', id: value, name: value }) as const)
    expect(parseManifest(lines.map(renderLine).join('\n'))).toEqual(lines)
    const text = renderJson({ [values[0] ?? '']: values })
    expect(text).not.toMatch(OBEYED)
    expect(JSON.parse(text)).toEqual({ [values[0] ?? '']: values })
  }
  return count
}

/** Secrets from the environment, in the files that they belong to. */
export function secrets(seed: number, count: number): Record<'accepted' | 'refused', number> {
  const seen = { accepted: 0, refused: 0 }
  for (const value of hostile(seed)(count)) {
    const mirrors = [{ url: 'https://m.example', token: 'env:TOKEN' }]
    const config = { registries: [{ host: 'a.example', mirrors }], http_proxy: 'env:PROXY' }
    const state = machine({}, { config, secrets: { 'env:TOKEN': value, 'env:PROXY': value } })
    try {
      const objects = objectsOf('configuring', state)
      const unit = fileText(objects, '/etc/systemd/system/containerd.service.d/zz-kcharm.conf') ?? ''
      expect(unit).not.toMatch(RAW)
      expect(unit.split('\n')).toHaveLength(5)
      seen.accepted++
    } catch (thrown) {
      if (!(thrown instanceof KcharmError)) throw thrown
      expect(thrown.message).toMatch(/http_proxy: env:PROXY/)
      expect(value).toMatch(/\p{Cc}/u)
      seen.refused++
    }
    const objects = objectsOf('configuring', { ...state, config: { registries: config.registries } })
    const hosts = fileText(objects, '/etc/containerd/certs.d/a.example/hosts.toml') ?? ''
    expect(hosts).not.toMatch(RAW)
    expect(parseToml(hosts)).toMatchObject({
      host: { 'https://m.example': { header: { Authorization: [`Bearer ${value}`] } } },
    })
  }
  return seen
}

type Field = (value: string) => object

const app = (more: object): object => ({ applications: { c: { charm: 'containerd', ...more } } })

/** Every place of a bundle that a text may stand in. */
const BUNDLE: Record<string, Field> = {
  description: (value) => ({ ...app({}), description: value }),
  'a variable’s name': (value) => ({ ...app({}), vars: { [value]: 1 } }),
  'a variable’s value': (value) => ({ ...app({ options: { version: '${v}' } }), vars: { v: escaped(value) } }),
  'an application': (value) => ({ applications: { [value]: { charm: 'containerd' } } }),
  'a charm': (value) => app({ charm: value }),
  'an option': (value) => app({ options: { [value]: 1 } }),
  'an option’s value': (value) => app({ options: { password: escaped(value) } }),
  'a list’s item': (value) => app({ options: { mirrors: [escaped(value)] } }),
  'a resource': (value) => app({ resources: { [value]: 'x.tar.gz' } }),
  'a path': (value) => app({ resources: { archive: escaped(value) } }),
  'a URL': (value) => app({ resources: { archive: { url: `https://x/${escaped(value)}` } } }),
  'a digest': (value) => app({ resources: { archive: { path: 'x.tar.gz', sha256: value } } }),
  to: (value) => app({ to: escaped(value) }),
  'a tag': (value) => ({ ...app({}), machines: { m: { tags: [value] } } }),
  'a machine': (value) => ({ ...app({}), machines: { [value]: null } }),
  'an end': (value) => ({ ...app({}), relations: [[value, 'c']] }),
  'a key': (value) => ({ ...app({}), [value]: 1 }),
  'an include': (value) => app({ options: { password: `include-file://${escaped(value)}` } }),
}

const one = (more: object): object => ({ machines: [{ name: 'n', address: 'a', ...more }] })

/** Every place of an inventory that a text may stand in. */
const INVENTORY: Record<string, Field> = {
  ...Object.fromEntries(
    ['name', 'address', 'own-address', 'user', 'key', 'jump', 'password', 'sudo', 'sudo-password'].map((key) => [
      key,
      (value: string) => one({ [key]: value }),
    ]),
  ),
  tags: (value) => one({ tags: [value] }),
  groups: (value) => one({ groups: [value] }),
  'a group': (value) => ({ ...one({}), groups: { [value]: {} } }),
  'a variable': (value) => one({ variables: { rack: value } }),
  'known-hosts': (value) => ({ ...one({}), 'known-hosts': value }),
  'ssh-config': (value) => ({ ...one({}), 'ssh-config': value }),
  'a key': (value) => one({ [value]: 1 }),
}

type Reader = (text: string) => unknown

const READERS: Record<'bundle' | 'inventory', { read: Reader; fields: Record<string, Field> }> = {
  bundle: { read: (text) => parseBundle(text, { file: 'b.yaml', charms }), fields: BUNDLE },
  inventory: { read: (text) => parseInventory(text, { file: 'i.yaml', home: '/h' }), fields: INVENTORY },
}

/** Each is read as it is written, or refused in its place and in words that no terminal obeys. */
export function fields(which: 'bundle' | 'inventory', seed: number, each: number): Record<string, number> {
  const { read, fields } = READERS[which]
  const values = hostile(seed)
  const seen = { accepted: 0, refused: 0 }
  for (const [name, field] of Object.entries(fields)) {
    for (const value of values(each)) {
      const text = renderBundle(field(value))
      try {
        const found = textsIn(read(text))
        // What no machine belongs to says nothing of itself.
        expect(
          found.includes(value) || found.includes(resolve(value)) || name === 'a group',
          `${which}: ${name}: ${value}`,
        ).toBe(true)
        seen.accepted++
      } catch (thrown) {
        if (!(thrown instanceof KcharmError)) throw thrown
        const said = [thrown.message, ...(thrown.detail.faults ?? [])].join('\n')
        expect(said, `${which}: ${name}`).not.toMatch(OBEYED)
        expect(thrown.detail.faults?.[0], `${which}: ${name}`).toMatch(/^[bi]\.yaml:\d+:\d+: /)
        seen.refused++
      }
    }
  }
  return seen
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.entries(value).flat().flatMap(textsIn) : []
}
