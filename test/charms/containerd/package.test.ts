import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import type { Manager } from '../../../lib/host/package-manager.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { blob, fileText, machine, objectsOf } from './machine.ts'

const NONE = { 'pkg:containerd': { state: 'none' }, 'containerd:version': undefined }
const REPOSITORY = { url: 'https://packages.example/linux/debian', components: ['stable'] }
const key = { ...blob, name: 'key.asc' }
const KEY = { 'repository-key': key }

function refusal(state: StageState): { message: string; hint?: string } | undefined {
  return runStage(containerd, 'inspecting', state).blocked
}

function bare(manager: Manager | undefined, config: Record<string, unknown>, resources = {}): StageState {
  const packages = ['dnf', 'zypper'].flatMap((each) =>
    ['containerd', 'containerd.io'].map((name) => [`pkg:${each}/${name}`, { state: 'none' }]),
  )
  const observed = { ...NONE, ...Object.fromEntries(packages), 'machine:package-manager': manager }
  return machine({ ...observed, 'machine:codename': 'trixie' }, { config, resources })
}

describe('a package with a repository of its own', () => {
  const config = { package: 'containerd.io', version: '2.1.4', hold: true, repository: REPOSITORY }

  test('apt: key by its digest, source, what it offers, the package, the hold', () => {
    const objects = objectsOf('installing', bare('apt', config, KEY))
    expect(objects).toMatchObject([
      { kind: 'directory', path: '/etc/apt/keyrings' },
      { kind: 'resource-file', path: '/etc/apt/keyrings/kcharm-containerd.asc', blob: key },
      { kind: 'file', path: '/etc/apt/sources.list.d/kcharm-containerd.sources' },
      { kind: 'repository-index', manager: 'apt' },
      { kind: 'package', name: 'containerd.io', version: '2.1.4', held: true, services: ['containerd'] },
      { kind: 'hold', name: 'containerd.io' },
    ])
    expect(fileText(objects, '/etc/apt/sources.list.d/kcharm-containerd.sources')).toBe(
      `# Written by kcharm.
Types: deb
URIs: https://packages.example/linux/debian
Suites: trixie
Components: stable
Signed-By: /etc/apt/keyrings/kcharm-containerd.asc
`,
    )
  })

  test.each(['dnf', 'zypper'] as const)('%s: the same as its own files and lines', (manager) => {
    const objects = objectsOf('installing', bare(manager, config, KEY))
    expect(objects.map(({ kind }) => kind)).toEqual([
      'directory',
      'directory',
      'resource-file',
      'file',
      'repository-index',
      'package',
      'edit',
    ])
    const folder = manager === 'dnf' ? '/etc/yum.repos.d' : '/etc/zypp/repos.d'
    expect(fileText(objects, `${folder}/kcharm-containerd.repo`)).toContain(
      'gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/kcharm-containerd.asc',
    )
    const [hold] = objects.slice(-1)
    if (hold?.kind !== 'edit') throw new Error('no hold')
    const text = manager === 'dnf' ? '[main]\ngpgcheck=1\nexcludepkgs=vim\n' : '\ntype: package\nsolvable_name: vim\n'
    const held = hold.fn(text)
    expect(held).toContain(manager === 'dnf' ? 'excludepkgs=vim containerd.io\n' : 'solvable_name: containerd.io\n')
    expect(held).toContain('vim')
    expect(hold.fn(held)).toBe(held)
  })

  test('without a key it is refused, unless that was wanted', () => {
    expect(refusal(bare('apt', config))).toMatchObject({ message: expect.stringContaining('has no key') as string })
    expect(refusal(bare('apt', { ...config, repository: { ...REPOSITORY, unsigned: true } }))).toBeUndefined()
    expect(refusal(bare('apt', config, KEY))).toBeUndefined()
  })

  test('without a version it is refused: a plan must say what comes', () => {
    const without = { package: 'containerd.io', repository: REPOSITORY }
    expect(refusal(bare('apt', without, KEY))?.message).toContain('needs the version that is to come from it')
  })
})

describe('refused', () => {
  test('another version than the one that is there', () => {
    expect(refusal(machine({}, { config: { version: '1.7.24' } }))).toBeUndefined()
    expect(refusal(machine({}, { config: { version: '1.7.24~ds1-6' } }))).toBeUndefined()
    for (const version of ['1.7.2', '1.7.25', '1.7.24~ds1-7']) {
      expect(refusal(machine({}, { config: { version } }))?.message).toBe(
        `containerd 1.7.24~ds1-6 is installed, and ${version} is asked for`,
      )
    }
  })

  test('another version than the one that was installed and is asked for: somebody has changed it', () => {
    expect(refusal(machine({}, { config: { version: '1.7.25' }, version: '1.7.25' }))).toEqual({
      message: 'containerd 1.7.24~ds1-6 is installed, and 1.7.25 is asked for: somebody has changed it',
      hint: 'put it back (apt-get install containerd=1.7.25*), or set version to 1.7.24',
    })
  })

  test('the other package than the one that is there', () => {
    expect(refusal(machine({}, { config: { package: 'containerd.io' } }))?.message).toContain(
      'the package containerd is installed, and containerd.io is asked for',
    )
  })

  test('a distribution whose package manager is not known', () => {
    expect(refusal(bare(undefined, {}))?.message).toContain('known for none of apt, dnf and zypper')
    expect(refusal(bare(undefined, { package_manager: 'dnf' }))).toBeUndefined()
  })
})
