import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import { spaceKiB } from '../../../charms/kata/probes.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { archiveNamed, fit, machine } from './machine.ts'

/** A unit on one version, on its way to that of an archive. */
function upgrading(version: string, to: string, more: StageState = {}): StageState {
  const archive = archiveNamed(`kata-static-${to}-amd64.tar.xz`)
  const fitness = { [`kata:fitness:/opt/kata:${archive.name}:${spaceKiB(archive.size)}`]: fit }
  const rest: StageState = { version, upgrades: true, resources: { kata: archive }, ...more }
  return machine({}, { ...rest, observed: { ...fitness, ...more.observed } })
}

function notes(version: string, to: string, more: StageState = {}): string {
  return runStage(kata, 'preUpgrade', upgrading(version, to, more)).notes?.join('\n') ?? ''
}

/** kata.md sections 0, 2 and 9: each a word in the plan. */
describe('before an upgrade', () => {
  test('from 2 to 4 everything is said that changes on the way', () => {
    const said = notes('2.5.2', '4.0.0')
    expect(said).toContain('Kata 2.5.2 to 4.0.0')
    for (const word of [
      'cgroup v2',
      '.tar.zst',
      'Rust runtime is upstream’s default',
      'KATA_CONF_FILE',
      'ConfigPath',
    ]) {
      expect(said).toContain(word)
    }
  })

  test('within one branch there is nothing of that to say', () => {
    expect(notes('3.20.0', '3.20.1')).toBe('Kata 3.20.0 to 3.20.1\nno sandbox runs now')
  })

  test('the old folder that is kept, and the sandboxes that run on, are counted', () => {
    const more = { holds: ['tree:/opt/kata-3.20.0'], observed: { 'kata:sandboxes': ['a', 'b'] } }
    const said = notes('3.20.0', '3.20.1', more)
    expect(said).toContain('/opt/kata-3.20.0 stays')
    expect(said).toContain('2 sandboxes run on, each on the version that it was started with')
  })

  test('no way leads to Kata 1', () => {
    const { blocked } = runStage(kata, 'preUpgrade', upgrading('2.5.2', '1.12.0'))
    expect(blocked?.message).toBe('there is no way from Kata 2.5.2 to 1.12.0')
  })

  test('what the new version lacks is refused before anything is unpacked', () => {
    const { blocked } = runStage(kata, 'preUpgrade', upgrading('3.20.0', '4.1.0'))
    expect(blocked?.message).toContain('the shim qemu is of the Go runtime, and kata-static-4.1.0 does not hold it')
  })
})

describe('the new tree, before anything points to it', () => {
  const { objects = [], checks = [] } = runStage(kata, 'staging', upgrading('3.20.0', '3.20.1'))
  const verdict = (name: string, value: unknown) => checks.find((each) => each.name === name)?.verdict(value)

  test('it is unpacked, and the link stays', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['archive'])
  })

  test.each([
    [{ version: '3.20.1', config: true }, undefined],
    [{ config: true }, /does not answer --version$/],
    [{ version: '3.20.0', config: true }, /is of version 3\.20\.0, expected 3\.20\.1$/],
    [{ version: '3.20.1', config: false }, /configuration-qemu\.toml is not there/],
  ])('its shim: %j', (state, words) => {
    const said = verdict('new shim qemu', state)
    if (words === undefined) expect(said).toBeUndefined()
    else expect(said).toMatch(words)
  })

  test.each([
    ['[runtime]\ninternetworking_model = "tcfilter"\n', [], undefined],
    ['[runtime]\n', ['/opt/kata/bin/qemu'], /names \/opt\/kata\/bin\/qemu, which is not in the archive$/],
    ['[runtime]\nname = "virt_container"\n', [], /is not of the go runtime, and its shim is$/],
  ])('its configuration %j, of whose paths %j are missing', (text, missing, words) => {
    const said = verdict('new configuration of qemu', { text, missing })
    if (words === undefined) expect(said).toBeUndefined()
    else expect(said).toMatch(words)
  })

  test('a configuration that is no TOML is a fault', () => {
    expect(() => verdict('new configuration of qemu', { text: '[runtime', missing: [] })).toThrow('is not valid TOML')
  })
})
