import { describe, expect, test } from 'vitest'
import { editConfig, intentOf, readConfig, type Wish } from '../../../../charms/containerd/toml/index.ts'
import { HANDLER, MAIN } from './fixtures.ts'

const CRI = 'plugins."io.containerd.grpc.v1.cri"'
const KATA = { name: 'kata', runtimeType: 'io.containerd.kata.v2', runtimePath: '/opt/shim', configPath: '/c.toml' }
const DEBIAN = `version = 2

[plugins]
  [${CRI}]
    [${CRI}.cni]
      bin_dir = "/usr/lib/cni"
`
const RUNC = `[${CRI}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`
const TABLES = `[${CRI}.containerd.runtimes.kata]
  runtime_type = "io.containerd.kata.v2"
  runtime_path = "/opt/shim"
[${CRI}.containerd.runtimes.kata.options]
  ConfigPath = "/c.toml"
`

function edit(text: string, wish: Partial<Wish> = {}): string {
  return editConfig(text, { handlers: [], ...wish }, { path: MAIN })
}

describe('handlers', () => {
  test('go into a block at the end, with runc where the file declares no runtimes', () => {
    const text = edit(DEBIAN, { handlers: [KATA] })
    expect(text).toBe(`${DEBIAN}# BEGIN kcharm: runc kata\n${RUNC}${TABLES}# END kcharm\n`)
  })

  test('go in without runc where the file declares runtimes, its own or none', () => {
    const own = `version = 2\n[${CRI}.containerd.runtimes.crun]\nruntime_type = "x"\n`
    expect(edit(own, { handlers: [KATA] })).toBe(`${own}# BEGIN kcharm: kata\n${TABLES}# END kcharm\n`)
    const none = `version = 2\n[${CRI}.containerd.runtimes]\n`
    expect(edit(none, { handlers: [KATA] })).toBe(`${none}# BEGIN kcharm: kata\n${TABLES}# END kcharm\n`)
  })

  test('change in their place, and foreign lines in the block stay', () => {
    const first = edit(DEBIAN, { handlers: [KATA] }).replace('  runtime_path', '  # by hand\n  runtime_path')
    const after = `${first}[debug]\n  level = "info"\n`
    const second = edit(after, { handlers: [{ ...KATA, runtimePath: '/new' }] })
    expect(second.indexOf('# END kcharm')).toBeLessThan(second.indexOf('[debug]'))
    expect(second).toContain('# by hand')
    expect(second).toContain('/new')
    expect(edit(second)).toBe(`${DEBIAN}  # by hand\n[debug]\n  level = "info"\n`)
  })

  test('are put right when a hand changed them', () => {
    const text = edit(DEBIAN, { handlers: [KATA] })
    const drifted = text.replace('/opt/shim"', '/tmp/shim"\n  snapshotter = "devmapper"')
    expect(edit(drifted, { handlers: [KATA] })).toBe(text)
  })

  test('are added inside inline tables, and one of them is taken out between foreign ones', () => {
    const text = `version = 2\n[${CRI}]\ncontainerd = { snapshotter = "native" } # mine\n`
    const added = edit(text, { handlers: [KATA] })
    expect(added).toContain(
      '{ snapshotter = "native", runtimes.runc = { runtime_type = "io.containerd.runc.v2" }, runtimes.kata = {',
    )
    expect(added).toContain('} } # kcharm: runc kata # mine')
    const foreign = added.replace(' } # kcharm', ', runtimes.crun = { runtime_type = "x" } } # kcharm')
    expect(edit(foreign.replace('{ snapshotter = "native", ', '{ '))).toBe(
      `version = 2\n[${CRI}]\ncontainerd = { runtimes.crun = { runtime_type = "x" }, runtimes.runc = { runtime_type = "io.containerd.runc.v2" } } # kcharm: runc # mine\n`,
    )
    expect(edit(added)).toBe(text)
  })
})

describe('runc that kcharm brought', () => {
  const text = edit(DEBIAN, { handlers: [KATA] })

  test('stays while an operator’s handler leans on it', () => {
    const leaning = `${text}[${CRI}.containerd.runtimes.crun]\n  runtime_type = "x"\n`
    const left = edit(leaning)
    expect(Object.keys(readConfig(left, { path: MAIN, daemon: '1.7' }).runtimes ?? {})).toEqual(['runc', 'crun'])
    expect(left).toContain('# BEGIN kcharm: runc\n')
    expect(edit(left)).toBe(left)
  })

  test('stays while an operator’s options for it lean on it', () => {
    const leaning = `${text}[${CRI}.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n`
    expect(edit(leaning, { handlers: [KATA] })).toBe(leaning)
    const runc = readConfig(edit(leaning), { path: MAIN, daemon: '1.7' }).runtimes?.runc
    expect(runc).toMatchObject({ type: 'io.containerd.runc.v2', systemdCgroup: true })
  })
})

describe('settings', () => {
  test.each([
    [
      'an old value stays beside the new one',
      `[${CRI}]\n  sandbox_image = "p:1" # mine\n`,
      `[${CRI}]\n  sandbox_image = "p:2" # kcharm, was "p:1" # mine\n`,
    ],
    ['a new line goes below its header', `  [${CRI}] # x\n`, `  [${CRI}] # x\n    sandbox_image = "p:2" # kcharm\n`],
    ['a header without a line end', `[${CRI}]`, `[${CRI}]\n  sandbox_image = "p:2" # kcharm`],
    [
      'dotted keys stay dotted',
      `${CRI}.enable_cdi = true\n`,
      `${CRI}.enable_cdi = true\n${CRI}.sandbox_image = "p:2" # kcharm\n`,
    ],
    ['a table of its own', '', `# BEGIN kcharm\n[${CRI}] # kcharm\n  sandbox_image = "p:2" # kcharm\n# END kcharm\n`],
  ])('%s', (_what, before, after) => {
    const text = `version = 2\n${before}`
    expect(edit(text, { pauseImage: 'p:2' })).toBe(`version = 2\n${after}`)
    expect(edit(edit(text, { pauseImage: 'p:2' }))).toBe(text)
  })

  test('a value that the operator set already stays the operator’s', () => {
    const text = `version = 2\n[${CRI}]\nrestrict_oom_score_adj = true\n`
    expect(edit(text, { restrictOom: true })).toBe(text)
  })

  test('the cgroup driver is set for each runtime of runc’s type and for default_runtime', () => {
    const text = `version = 2
[${CRI}.containerd.default_runtime]
runtime_type = "io.containerd.runc.v2"
[${CRI}.containerd.runtimes.crun]
runtime_type = "io.containerd.runc.v2"
[${CRI}.containerd.runtimes.crun.options]
BinaryName = "/usr/bin/crun"
`
    const set = edit(text, { systemdCgroup: true })
    const facts = readConfig(set, { path: MAIN, daemon: '1.7' })
    expect(facts.defaultTable?.systemdCgroup).toBe(true)
    expect(Object.entries(facts.runtimes ?? {}).map(([name, runtime]) => [name, runtime.systemdCgroup])).toEqual([
      ['crun', true],
    ])
    expect(edit(set, { systemdCgroup: true })).toBe(set)
    expect(edit(set)).toBe(text)
    expect(readConfig(edit(DEBIAN, { systemdCgroup: true }), { path: MAIN, daemon: '1.7' }).runtimes).toMatchObject({
      runc: { type: 'io.containerd.runc.v2', systemdCgroup: true },
    })
  })
})

describe('refuses, with the line,', () => {
  test.each<[string, string, Partial<Wish>, string]>([
    [
      'a handler that is not kcharm’s',
      `version = 2\n[${CRI}.containerd.runtimes]\n[${CRI}.containerd.runtimes.kata]\n`,
      { handlers: [KATA] },
      ':3: the handler kata is there',
    ],
    [
      'a foreign handler inside an inline table',
      `version = 2\n[${CRI}]\ncontainerd = { runtimes.kata.runtime_type = "x" }\n`,
      { handlers: [KATA] },
      ':3: the handler kata is there',
    ],
    ['a block without its end', 'version = 2\n# BEGIN kcharm: kata\n', {}, ":2: kcharm's block has lost its"],
    ['a block without its start', 'version = 2\n# END kcharm\n', {}, ":2: kcharm's block has lost its"],
    ['two starts', 'version = 2\n# BEGIN kcharm: kata\n# BEGIN kcharm: kata\n# END kcharm\n', {}, ":2: kcharm's block"],
    [
      'a line that falls into kcharm’s table',
      `${edit(DEBIAN, { handlers: [KATA] })}level = "x"\n`,
      { handlers: [KATA] },
      ':16: this line has no [header]',
    ],
    [
      'a value in an inline table',
      `version = 2\n[plugins]\n"io.containerd.grpc.v1.cri" = { enable_cdi = true }\n`,
      { restrictOom: true },
      ':3: kcharm cannot set plugins."io.containerd.grpc.v1.cri".restrict_oom_score_adj = true',
    ],
    [
      'a value of several lines',
      `version = 2\n[${CRI}]\nsandbox_image = """\np"""\n`,
      { pauseImage: 'q' },
      ':3: kcharm cannot set',
    ],
    ['another schema', 'version = 3\n', { handlers: [KATA] }, ': is edited in place only with version = 2'],
    [
      'a layout without a place',
      'version = 2\n[[plugins]]\nx = 1\n',
      { handlers: [KATA] },
      ': its layout leaves no place',
    ],
    [
      'a layout that cannot hold tables',
      'version = 2\nplugins = 1\n',
      { handlers: [KATA] },
      ': its layout leaves no place',
    ],
  ])('%s', (_what, text, wish, message) => {
    expect(() => edit(text, wish)).toThrow(MAIN + message)
  })
})

test('the intent says each key in words', () => {
  const facts = readConfig(DEBIAN, { path: MAIN, daemon: '1.7.24' })
  expect(intentOf({ handlers: [HANDLER], restrictOom: true }, facts)).toEqual([
    `set ${CRI}.containerd.runtimes.kcharm-try`,
    `set ${CRI}.restrict_oom_score_adj = true`,
  ])
})
