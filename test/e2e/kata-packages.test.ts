import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handlersInDump } from '../../charms/containerd/toml/index.ts'
import { changesIn, newOperator, type Operator, type Result } from './support/cli.ts'
import { makeRepositories, REPOSITORY } from './support/demo-repository.ts'
import { startLab, type TestLab } from './support/labs.ts'
import { addStandInRpms, RPMS } from './support/stand-in-rpm.ts'
import { changes, RECORDS, type Standing, standingOf } from './support/standing.ts'

/** What rpm, dnf and zypper keep for themselves, and what gpg does for rpm's keys. */
const MANAGERS_OWN = [/^\/var\/lib\/(rpm|dnf|zypp|PackageKit|systemd\/catalog)/, /^\/root\/\.gnupg$/, /^\/run\/zypp/]

let lab: TestLab
let operator: Operator
let key: { path: string; sha256: string }

beforeAll(async () => {
  operator = await newOperator()
  lab = await startLab({ name: 'e2e-kata-packages', nodes: [{ name: 'n1', containerd: true }] })
  await makeRepositories(lab, 'n1')
  await addStandInRpms(lab, 'n1', '3.7.0')
  key = await keyOf()
  await deploy('')
})

afterAll(async () => {
  await lab.down()
  await operator.leave()
})

/** On a Debian node, so the manager is named; its package is a stand-in with the distribution's paths. */
describe.each(['dnf', 'zypper'] as const)('source: package by %s', (manager) => {
  const { name, config } = RPMS[manager]
  const options = {
    source: 'package',
    package_manager: manager,
    repository: { url: `file:${REPOSITORY}/${manager}` },
    version: '3.7.0',
    hold: true,
    preflight: 'warn',
    memory: 512,
  }

  test('from its repository to a loaded handler, no change the second time, and back to where it began', async () => {
    const before = await standing()
    const done = await deploy(kata(options))
    expect(unitOf(done)).toMatchObject({
      status: 'active',
      message: expect.stringMatching(/^Kata 3\.7\.0, /) as string,
    })
    expect(await lab.sh('n1', `rpm -q ${name}`)).toBe(`${name}-3.7.0-1.noarch`)
    expect(changesIn(done)).toContain(`kata/${number(done)} pkg:${manager}/${name}`)
    const { path, configPath } = handlersInDump(await lab.sh('n1', 'containerd config dump'))['kata-qemu'] ?? {}
    expect([path, configPath]).toEqual([
      '/usr/bin/containerd-shim-kata-v2',
      '/opt/kata-config/qemu/configuration-qemu.toml',
    ])
    expect(
      await lab.sh('n1', `cmp ${config} ${configPath ?? ''} && cat /opt/kata-config/qemu/config.d/40-memory.toml`),
    ).toContain('default_memory = 512')
    expect(changesIn(await deploy(kata(options)))).toEqual([])
    await operator.json(0, 'remove', 'kata', '--yes')
    expect(changes(before, await standing())).toEqual([])
    expect((await lab.attempt('n1', `rpm -q ${name}`)).code).not.toBe(0)
  })

  test('a package that somebody installed is taken over and stays', async () => {
    await lab.sh('n1', `rpm -i --nosignature ${REPOSITORY}/dnf/${name}-3.7.0-1.noarch.rpm`)
    const before = await standing()
    const done = await deploy(kata({ source: 'package', package_manager: manager, preflight: 'warn' }))
    expect(unitOf(done).status).toBe('active')
    expect(changesIn(done).filter((each) => each.includes('pkg:'))).toEqual([])
    await operator.json(0, 'remove', 'kata', '--yes')
    expect(changes(before, await standing())).toEqual([])
    expect(await lab.sh('n1', `rpm -q ${name} && rpm -e ${name}`)).toContain('3.7.0')
  })
})

test.each<[string, number, Record<string, unknown>, RegExp]>([
  ['a version that the repository does not have', 7, { version: '3.8.0' }, /offer no kata-containers 3\.8\.0/],
  ['a shim that the package does not have', 8, { shims: ['clh'] }, /the package kata-containers has no shim clh/],
  ['Debian’s own manager', 8, { package_manager: 'auto' }, /has no package of Kata/],
])('%s: refused, and nothing is left', async (_name, status, more, words) => {
  const before = await standing()
  const repository = { url: `file:${REPOSITORY}/dnf` }
  const options = {
    source: 'package',
    package_manager: 'dnf',
    version: '3.7.0',
    repository,
    preflight: 'warn',
    ...more,
  }
  const done = await operator.json(status, 'deploy', await bundle(kata(options)), '-i', lab.lab.inventory, '--yes')
  expect(unitOf(done).message).toMatch(words)
  await operator.json(0, 'remove', 'kata', '--yes')
  expect(changes(before, await standing())).toEqual([])
})

async function deploy(application: string): Promise<Result> {
  return operator.json(0, 'deploy', await bundle(application), '-i', lab.lab.inventory, '--yes')
}

function kata(options: Record<string, unknown>): string {
  const resources = options['repository']
    ? `, resources: { repository-key: { path: ${key.path}, sha256: '${key.sha256}' } }`
    : ''
  return `  kata: { charm: kata, options: ${JSON.stringify(options)}${resources} }\n`
}

function bundle(application: string): Promise<string> {
  const relations = application === '' ? '' : 'relations:\n  - [kata, containerd]\n'
  const text = `applications:\n  containerd: { charm: containerd, to: all }\n${application}${relations}`
  return operator.write('bundle.yaml', text)
}

function unitOf(result: Result) {
  const unit = result.units?.find((each) => each.unit.startsWith('kata/'))
  if (unit === undefined) throw new Error('the answer names no unit of kata')
  return unit
}

function number(result: Result): string {
  return unitOf(result).unit.split('/')[1] ?? ''
}

function standing(): Promise<Standing> {
  return standingOf(lab, 'n1', [...RECORDS, ...MANAGERS_OWN])
}

async function keyOf(): Promise<{ path: string; sha256: string }> {
  const path = join(operator.folder, 'key.asc')
  await copyFile(join(await lab.root('n1'), REPOSITORY, 'key.asc'), path)
  return {
    path,
    sha256: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  }
}
