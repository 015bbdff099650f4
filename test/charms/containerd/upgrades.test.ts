import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { archiveOf, CONFIG, machine, mainAfter, objectsOf, V2 } from './machine.ts'

const FACTS = {
  'containerd:sandboxes': [],
  'containerd:deprecations': [],
  'containerd:can-return:apt:containerd:1.7.24~ds1-6': true,
  'containerd:dump': '',
  'containerd:words:1.7.24': { before: '', defaults: '' },
}

/** A unit on 1.7.24 from Debian's package, on its way to what the rest says. */
function upgrading(rest: StageState, observed: Record<string, unknown> = {}): StageState {
  return machine({ ...FACTS, ...observed }, { version: '1.7.24', upgrades: true, ...rest })
}

const toArchive = (version: string, more: StageState['resources'] = {}): StageState => ({
  config: { source: 'archive' },
  resources: { containerd: archiveOf(version), ...more },
})

/** containerd-and-kubernetes.md section 2.3, and section 10: 9, 10, 11. */
describe('before an upgrade', () => {
  test.each([
    ['1.7.24', '1.7.33'],
    ['1.7.24', '2.0.10'],
    ['1.7.24', '2.3.7'],
    ['2.0.10', '2.1.9'],
    ['2.3.7', '2.3.4'],
  ])('from %s to %s is a supported way', (version, to) => {
    const out = runStage(containerd, 'preUpgrade', upgrading({ ...toArchive(to), version }))
    expect(out.blocked).toBeUndefined()
    expect(out.notes?.[0]).toBe(`containerd ${version} to ${to}`)
  })

  test.each([
    ['2.3.7', '1.7.24'],
    ['2.0.10', '1.7.33'],
  ])('from %s to %s is none', (version, to) => {
    const { blocked } = runStage(containerd, 'preUpgrade', upgrading({ ...toArchive(to), version }))
    expect(blocked?.message).toBe(`containerd supports no way from ${version} to ${to}`)
    expect(blocked?.hint).toContain('kcharm rollback')
  })

  test('a stop on the way that was not given is named; one that was is the next version', () => {
    const lacking = upgrading({ ...toArchive('2.3.7'), version: '1.6.20' })
    expect(runStage(containerd, 'preUpgrade', lacking).blocked).toEqual({
      message: 'the way from 1.6.20 to 2.3.7 goes over 1.7, which was not given',
      hint: 'give its archive as the resource containerd-via, or its package’s version in the option via',
    })
    const given = toArchive('2.3.7', { 'containerd-via': archiveOf('1.7.33') })
    const out = runStage(containerd, 'preUpgrade', upgrading({ ...given, version: '1.6.20' }))
    expect(out.notes?.[0]).toBe('containerd 1.6.20 to 1.7.33, on the way to 2.3.7 (over 1.7)')
  })

  test('the stop of a package is a version in `via`', () => {
    const config = { source: 'package', version: '2.0.10', via: ['1.7.33'] }
    const installed = { 'pkg:containerd': { state: 'installed', version: '1.6.20' } }
    const can = { 'containerd:can-return:apt:containerd:1.6.20': true }
    const out = runStage(containerd, 'preUpgrade', upgrading({ config, version: '1.6.20' }, { ...installed, ...can }))
    expect(out.notes?.[0]).toBe('containerd 1.6.20 to 1.7.33, on the way to 2.0.10 (over 1.7)')
  })

  test('a step that pod sandboxes do not live through is marked; those that live are named, and asked for', () => {
    const live = { 'containerd:sandboxes': ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'] }
    const before = (to: string, observed = {}) => runStage(containerd, 'preUpgrade', upgrading(toArchive(to), observed))
    const { notes = [], asks } = before('2.3.7', live)
    expect(notes.join('\n')).toMatch(
      /this step breaks pod sandboxes: .*; 2 live now: aaaaaaaaaaaa, bbbbbbbbbbbb\n.* drain/,
    )
    expect(asks).toEqual([expect.stringContaining('the pod sandboxes of this machine are not expected to live')])
    expect(before('2.3.7').notes?.join('\n')).toMatch(/this step breaks pod sandboxes: .*; none lives now/)
    expect(before('2.3.7').asks).toEqual([])
    expect(before('1.7.33', live).asks).toEqual([])
  })

  test('what the running version warns of, and how many containers run on, is in the plan', () => {
    const said = { 'containerd:deprecations': ['CRI registry mirrors go'], 'containerd:tasks': 3 }
    const { notes } = runStage(containerd, 'preUpgrade', upgrading(toArchive('2.3.7'), said))
    expect(notes).toContain('the running version warns: CRI registry mirrors go')
    expect(notes).toContain('containerd restarts once; 3 containers run on')
  })

  test('an old package that is nowhere to be had: apt’s is made again from what is installed, an rpm is asked for', () => {
    const wanted: StageState = { config: { source: 'package', version: '1.7.28' } }
    const packages = (state: StageState) => objectsOf('securing', state).filter(({ kind }) => kind === 'repack')
    expect(packages(upgrading(wanted))).toEqual([])
    const gone = { 'containerd:can-return:apt:containerd:1.7.24~ds1-6': false }
    expect(packages(upgrading(wanted, gone))).toEqual([{ kind: 'repack', name: 'containerd', version: '1.7.24~ds1-6' }])
    expect(runStage(containerd, 'preUpgrade', upgrading(wanted, gone)).asks).toEqual([])
    const rpm = {
      'machine:package-manager': 'dnf',
      'pkg:dnf/containerd': { state: 'installed', version: '1.7.24-1.fc41' },
      'pkg:dnf/containerd.io': { state: 'none' },
      'containerd:can-return:dnf:containerd:1.7.24-1.fc41': false,
    }
    expect(runStage(containerd, 'preUpgrade', upgrading(wanted, rpm)).asks).toEqual([
      'no rollback: no repository has containerd 1.7.24-1.fc41 any more',
    ])
  })
})

describe('on the way', () => {
  test('before a major step the daemon’s data is put aside; before another it is not', () => {
    const metadata = { 'containerd:metadata': '/var/lib/containerd/meta.db' }
    const copies = (to: string) =>
      objectsOf('securing', upgrading(toArchive(to), metadata)).filter(({ kind }) => kind === 'copy')
    expect(copies('2.3.7')).toEqual([
      { kind: 'copy', from: '/var/lib/containerd/meta.db', to: '/var/lib/kcharm/kept/containerd-1.7.24-meta.db' },
    ])
    expect(copies('1.7.33')).toEqual([])
  })

  test('what stood in the main file for 1.x is taken out for 2.x; the operator’s bytes stay', () => {
    const handler = { name: 'kata-qemu', runtimeType: 'io.containerd.kata-qemu.v2', runtimePath: '/opt/kata/bin/shim' }
    const peers = { handlers: [{ handlers: [handler] }] }
    const old = mainAfter(objectsOf('configuring', machine({}, { peers })), `# by hand\n${V2}`)
    expect(old).toContain('kata-qemu')
    const observed = { [`text:${CONFIG}`]: old }
    const now = mainAfter(objectsOf('configuring', upgrading({ ...toArchive('2.3.7'), peers }, observed)), old)
    expect(now).not.toContain('kata-qemu')
    expect(now).toBe(`# by hand\nversion = 3 # kcharm, was 2\nimports = ["/etc/containerd/conf.d/*.toml"] # kcharm\n`)
  })

  const OLD = `version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x/pause:1"\n`
  const ONE_LINE = `version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  containerd = { snapshotter = "native", a = 1 }\n`
  const IMPORTING = 'version = 2\nimports = ["/etc/containerd/more.toml"]\n'
  const moves = (to: string, text: string, rest: StageState = {}) => {
    const state = upgrading(
      { ...toArchive(to), ...rest },
      { [`text:${CONFIG}`]: text, 'containerd:imports:/etc/containerd/more.toml': [] },
    )
    const { notes = [] } = runStage(containerd, 'preUpgrade', state)
    const edits = objectsOf('configuring', state)
    return { main: mainAfter(edits, text), said: notes.filter((note) => note.includes('keeps schema 2')) }
  }

  test('the main file goes to schema 3 with the daemon: by nothing but the step from 1 to 2, and it stays there', () => {
    const { main, said } = moves('2.3.7', OLD)
    expect(main).toContain('version = 3 # kcharm, was 2\n')
    expect(main).toContain('[plugins."io.containerd.cri.v1.images".pinned_images]\n  sandbox = "x/pause:1"\n')
    expect(said).toEqual([])
    expect(moves('1.7.33', OLD).main).toBe(OLD)
    expect(moves('2.3.7', OLD, { version: '2.2.9' }).main).toBe(OLD)
    const later = { [`text:${CONFIG}`]: main, 'containerd:version': '2.3.7' }
    const edits = objectsOf('configuring', machine(later, { ...toArchive('2.3.7'), version: '2.3.7' }))
    expect(edits.some((each) => each.kind === 'edit' && each.id === 'schema')).toBe(true)
    expect(mainAfter(edits, main)).toBe(main)
  })

  test.each([
    [
      'that cannot be moved without guessing',
      '2.3.7',
      ONE_LINE,
      /keeps schema 2, which containerd 2\.3\.7 reads: .*:3: .*one line/,
    ],
    [
      'with imports that 2.2 would pass over',
      '2.2.9',
      IMPORTING,
      /keeps schema 2, which containerd 2\.2\.9 reads: it imports/,
    ],
  ])('a main file %s stays, and the plan says why', (_what, to, text, words) => {
    const { main, said } = moves(to, text, { version: to === '2.2.9' ? '2.1.9' : '1.7.24' })
    expect(main).toContain('version = 2\n')
    expect(said).toEqual(to === '2.2.9' ? [] : [expect.stringMatching(words)])
  })

  test('a plugin’s own `version = 2` is not the file’s', () => {
    const { main } = moves('2.3.7', `${OLD}[plugins."x.v1.y"]\n  version = 2\n`)
    const later = machine({ [`text:${CONFIG}`]: main }, { ...toArchive('2.3.7'), version: '2.3.7' })
    expect(mainAfter(objectsOf('configuring', later), main)).toBe(main)
  })

  test('settings that the old daemon had and the new one has not are listed', () => {
    const was = (image: string) =>
      `version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "${image}"\n  systemd_cgroup = true\n`
    const words = { before: was('x/pause:1'), defaults: was('usual').replace('true', 'false') }
    const dump = `version = 4\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = 'x/pause:1'\n`
    const observed = { 'containerd:words:1.7.24': words, 'containerd:dump': dump }
    expect(runStage(containerd, 'proving', upgrading(toArchive('2.3.7'), observed)).notes).toEqual([
      'lost on containerd 2.3.7: plugins."io.containerd.grpc.v1.cri".systemd_cgroup',
    ])
    expect(objectsOf('securing', upgrading(toArchive('2.3.7'), { 'containerd:metadata': undefined }))).toEqual([
      { kind: 'directory', path: '/var/lib/kcharm/kept', mode: '0700' },
      {
        kind: 'output',
        argv: ['containerd', '-c', CONFIG, 'config', 'dump'],
        to: '/var/lib/kcharm/kept/containerd-1.7.24-dump.toml',
      },
      {
        kind: 'output',
        argv: ['containerd', 'config', 'default'],
        to: '/var/lib/kcharm/kept/containerd-1.7.24-default.toml',
      },
    ])
  })

  test.each([
    ['/usr/local/lib/kcharm/containerd-2.3.7/containerd', undefined],
    ['/usr/bin/containerd (deleted)', 'it still runs /usr/bin/containerd, which was replaced'],
    [
      '/usr/bin/containerd',
      'it runs /usr/bin/containerd, expected the containerd in /usr/local/lib/kcharm/containerd-2.3.7',
    ],
  ])('the daemon in memory is %s', (exe, fault) => {
    const { checks = [] } = runStage(containerd, 'proving', upgrading(toArchive('2.3.7')))
    expect(checks.find(({ name }) => name === 'running daemon')?.verdict(exe)).toBe(fault)
  })
})
