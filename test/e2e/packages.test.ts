import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HostObject } from '../../lib/host/objects.ts'
import { READING_PRELUDE } from '../../lib/host/prelude.ts'
import { type Manager, packageManager, WAYS } from '../../lib/host/package-manager.ts'
import { packageReading } from '../../lib/host/package.ts'
import { holdObject, renderRepository, sourcePath } from '../../lib/host/repository.ts'
import { machineOn, type TestMachine } from '../host/machine.ts'
import { makeRepositories, REPOSITORY } from './support/demo-repository.ts'
import { startLab, type TestLab } from './support/labs.ts'

/** A daemon that its package starts, in two versions, with a library that it needs. */
const MANAGERS = ['apt', 'dnf', 'zypper'] as const

/** What a machine's own upgrades would do. */
const UPGRADE: Record<Manager, string> = {
  apt: 'apt-get -qq update; apt-get -qq -y upgrade',
  dnf: 'dnf -q -y --releasever=1 upgrade',
  zypper: 'zypper --quiet --non-interactive update',
}

/** Somebody who holds the lock for a while, as these programs do it. */
const HOLDERS: Record<Manager, string> = {
  apt: 'systemd-run -q flock /var/lib/dpkg/lock-frontend sleep 300',
  dnf: 'systemd-run -q sleep 300; sleep 0.2; pgrep -x sleep >/var/cache/dnf/metadata_lock.pid',
  zypper: 'systemd-run -q sleep 300; sleep 0.2; pgrep -x sleep >/run/zypp.pid',
}

let lab: TestLab
let on: TestMachine

beforeAll(async () => {
  lab = await startLab({ name: 'e2e-packages', nodes: 1 })
  await makeRepositories(lab, 'n1')
  on = machineOn('/', shellOf(lab))
})

afterAll(() => lab.down())

describe.each(MANAGERS)('%s', (manager) => {
  const repository = { name: 'demo', url: `file:${REPOSITORY}/${manager}`, suite: './', components: [] }
  const source = sourcePath(manager, repository)
  const files: HostObject[] = [
    { kind: 'file', path: source, text: renderRepository(manager, { ...repository, key: `${REPOSITORY}/key.asc` }) },
    { kind: 'repository-index', manager, source },
  ]
  const demo = (version?: string): HostObject => ({
    kind: 'package',
    name: 'kcdemo',
    manager,
    services: ['kcdemo'],
    ...(version === undefined ? {} : { version }),
  })
  const versionNow = () => on.read(packageReading('kcdemo', manager)).value.version

  test('from repository to removal: pinned, held, changed forth and back, and all as before', async () => {
    const before = await standing(manager)
    const made = files.map((object) => on.make(object))
    for (const object of files) expect(on.make(object)).toBeUndefined()
    const installed = on.make(demo('1.0'))
    expect(installed?.verb).toMatch(/^install kcdemo 1\.0-1 \(with kcdep 1\.0-1\)$/)
    expect(await lab.attempt('n1', 'systemctl is-active kcdemo')).toMatchObject({ stdout: 'inactive\n' })
    expect(on.make(demo('1.0'))).toBeUndefined()

    const hold = holdObject(manager, 'kcdemo')
    const held = on.make(hold)
    expect(on.make(hold)).toBeUndefined()
    await lab.sh('n1', UPGRADE[manager])
    expect(versionNow()).toBe('1.0-1')

    await lab.sh('n1', 'systemctl start kcdemo')
    const pid = await lab.sh('n1', 'systemctl show -p MainPID --value kcdemo')
    if (held && manager === 'zypper') on.undo(held)
    const up = on.make({ ...demo('1.1'), held: true } as HostObject)
    expect(up?.verb).toMatch(/^change kcdemo from 1\.0-1 to 1\.1-1/)
    expect(await lab.sh('n1', 'systemctl show -p MainPID --value kcdemo')).toBe(pid)
    if (up) on.undo(up)
    expect(versionNow()).toBe('1.0-1')
    await lab.sh('n1', 'systemctl stop kcdemo')

    if (held && manager !== 'zypper') on.undo(held)
    await lab.sh('n1', UPGRADE[manager])
    expect(versionNow()).toBe('1.1-1') // nobody holds it any more
    expect(on.make(demo('1.0'))?.verb).toMatch(/^change kcdemo from 1\.1-1 to 1\.0-1/)
    if (installed) on.undo(installed)
    if (installed) on.undo({ ...installed, key: keyOfDependency(manager), before: { state: 'none' } })
    for (const each of made.toReversed()) if (each) on.undo(each)
    expect(await standing(manager)).toEqual(before)
  })

  test('what the repository does not have is said, and nothing is changed', () => {
    for (const object of files) on.make(object)
    expect(() => on.make(demo('7.7'))).toThrow(/the machine's package sources offer no kcdemo 7\.7/)
    expect(on.read(packageReading('kcdemo', manager)).value.state).toBe('none')
  })

  test('who holds the package manager is named', async () => {
    const busy = () => on.sh(`${READING_PRELUDE}\n${WAYS[manager].busy}`).stdout
    expect(busy()).toBe('')
    await lab.sh('n1', HOLDERS[manager])
    await expect.poll(busy, { timeout: 60_000 }).toMatch(/^process \d+ \(.*sleep 300/)
    await lab.sh('n1', 'pkill -x sleep; rm -f /run/zypp.pid /var/cache/dnf/metadata_lock.pid; true')
  })
})

test('a key that signed nothing there is no key', () => {
  const source = sourcePath('apt', { name: 'other' })
  const repository = {
    name: 'other',
    url: `file:${REPOSITORY}/apt`,
    suite: './',
    components: [],
    key: `${REPOSITORY}/other.asc`,
  }
  on.make({ kind: 'file', path: source, text: renderRepository('apt', repository) })
  expect(() => on.make({ kind: 'repository-index', manager: 'apt', source })).toThrow(/apt-get update failed/)
})

test('the distribution tells the package manager, not the programs that lie around', () => {
  expect(on.read(packageManager).value).toBe('apt')
})

/** What is installed and known of packages; a shell's own traces are not the manager's. */
async function standing(manager: Manager): Promise<string> {
  const ask = {
    apt: 'dpkg -l | grep kc; apt-mark showhold; ls /var/lib/apt/lists | grep -v -e lock -e partial',
    dnf: 'rpm -qa | sort; cat /etc/dnf/dnf.conf; ls /var/cache/dnf | grep demo',
    zypper: 'rpm -qa | sort; cat /etc/zypp/locks; ls /var/cache/zypp/solv /var/cache/zypp/raw | grep demo',
  }
  const { stdout } = await lab.attempt(
    'n1',
    `ls /etc/apt/sources.list.d /etc/yum.repos.d /etc/zypp/repos.d; ${ask[manager]}`,
  )
  return stdout
}

function keyOfDependency(manager: Manager): string {
  return manager === 'apt' ? 'pkg:kcdep' : `pkg:${manager}/kcdep`
}

/** A shell on the node, as the operator's session is one. */
function shellOf({ lab: { knownHosts, key, nodes } }: TestLab) {
  const [node] = nodes
  if (node === undefined) throw new Error('the lab has no node')
  return (script: string) => {
    const options = [
      '-o',
      `UserKnownHostsFile=${knownHosts}`,
      '-o',
      'BatchMode=yes',
      '-i',
      key,
      '-p',
      String(node.port),
    ]
    const { status, stdout, stderr } = spawnSync('ssh', [...options, `root@${node.address}`, 'R= exec sh -s'], {
      input: `umask 077\n(eval "$(cat)") </dev/null\n`.replace(
        '"$(cat)"',
        () => `'${script.replaceAll("'", "'\\''")}'`,
      ),
      encoding: 'utf8',
    })
    return { status: status ?? 128, stdout, stderr }
  }
}
