import { describe, expect, test } from 'vitest'
import { enableCri, migrateConfig, readConfig, refusalOf } from '../../../../charms/containerd/toml/index.ts'
import { MAIN, OUTCOMES, readFixtures } from './fixtures.ts'

const GRPC = 'plugins."io.containerd.grpc.v1.cri"'

function migrate(text: string, daemon = '1.7.24') {
  return migrateConfig(text, { path: MAIN, daemon })
}

describe('schema 1 becomes schema 2', () => {
  test.each([
    ['a header', '# x\n[plugins.cri.cni] # y\n  a = 1\n', `# x\nversion = 2 # kcharm\n[${GRPC}.cni] # y\n  a = 1\n`],
    ['its own version', 'version = 1 # y\n[plugins.cri]\n', `version = 2 # kcharm, was 1 # y\n[${GRPC}]\n`],
    [
      'a quoted key',
      `[ plugins . 'cri' . "x"]\na = 1\n`,
      `version = 2 # kcharm\n[ plugins . "io.containerd.grpc.v1.cri" . "x"]\na = 1\n`,
    ],
    ['a dotted key', 'plugins.cri.a = 1', `version = 2 # kcharm\n${GRPC}.a = 1`],
    [
      'a key below',
      '[plugins]\r\n  cri.a = 1\r\n',
      'version = 2 # kcharm\r\n[plugins]\r\n  "io.containerd.grpc.v1.cri".a = 1\r\n',
    ],
    [
      'an inline table',
      'plugins = { cri = { a = 1 } }\n',
      'version = 2 # kcharm\nplugins = { "io.containerd.grpc.v1.cri" = { a = 1 } }\n',
    ],
    [
      'a list',
      'disabled_plugins = ["cri", "aufs"] # "opt"\n',
      'version = 2 # kcharm\ndisabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs"] # "opt"\n',
    ],
    ['a comment alone', '# x', '# x\nversion = 2 # kcharm\n'],
    ['a byte order mark', '\uFEFF[debug]\n', '\uFEFFversion = 2 # kcharm\n[debug]\n'],
  ])('%s', (_what, text, wanted) => {
    const { text: once } = migrate(text)
    expect(once).toBe(wanted)
    expect(migrate(once).text).toBe(once)
  })

  test.each(['version = 2\n[plugins.cri]\n', 'version = 3\n', 'version = 4\n', ''])('%j stays as it is', (text) => {
    expect(migrate(text)).toEqual({ text, wakes: [], lost: [] })
  })

  test('what slept and what is lost is named', () => {
    const text = `[${GRPC}.containerd]\n  a = 1\n[plugins.cri]\n  b = 2\n[plugins.unheard]\n  c = 3\n`
    expect(migrate(text)).toMatchObject({ wakes: [`${GRPC}.containerd.a`], lost: ['plugins.unheard.c'] })
    expect(migrate(text, '2.1.4').wakes).toEqual([`${GRPC}.containerd.a`, 'plugins.cri.b'])
    expect(migrate(text, '2.3.7').wakes).toEqual([])
  })

  test.each([
    ['one table under both names', `[plugins.cri]\na = 1\n[${GRPC}]\nb = 1\n`, /old and its new name/],
    ['a plugin without a known name', 'disabled_plugins = ["cri", "x"]\n', /:1: schema 2 has no name .* "x"/],
  ])('%s is refused', (_what, text, words) => {
    expect(() => migrate(text)).toThrow(words)
  })
})

describe('CRI is taken out of disabled_plugins', () => {
  test.each([
    ['alone', 'disabled_plugins = ["cri"]\n', 'disabled_plugins = []\n'],
    ['first', 'disabled_plugins = ["cri", "a.b"]\n', 'disabled_plugins = ["a.b"]\n'],
    ['last', `disabled_plugins = ["a.b", 'cri']\n`, 'disabled_plugins = ["a.b"]\n'],
    ['last twice', `disabled_plugins = ["a.b", "cri", 'io.containerd.grpc.v1.cri']\n`, 'disabled_plugins = ["a.b" ]\n'],
    ['in the middle', 'disabled_plugins = ["a","cri","b"]\n', 'disabled_plugins = ["a","b"]\n'],
    [
      'both halves on lines of their own',
      'x = 1\ndisabled_plugins = [\n  "io.containerd.cri.v1.runtime", # why\n  "a",\n  "io.containerd.cri.v1.images",\n]\n',
      'x = 1\ndisabled_plugins = [\n  # why\n  "a",\n]\n',
    ],
    ['in a comment', 'disabled_plugins = ["a"] # "cri"\n# disabled_plugins = ["cri"]\n', undefined],
    ['required', 'required_plugins = ["io.containerd.grpc.v1.cri"]\n', undefined],
  ])('%s', (_what, text, wanted = text) => {
    expect(enableCri(text)).toBe(wanted)
    expect(enableCri(wanted)).toBe(wanted)
  })
})

describe('the real files', () => {
  const refused = [...readFixtures()].filter(([name]) => /no version|CRI disabled/.test(OUTCOMES[name] ?? ''))

  test.each(refused)('%s is no longer refused once both words are given, and keeps every other line', (name, text) => {
    const mended = enableCri(migrate(text).text)
    expect(refusalOf(readConfig(mended, { path: MAIN, daemon: '2.3.7' }))).toBeUndefined()
    const lines = (each: string) =>
      each.split('\n').filter((line) => !/plugins|version/.test(line) && !line.includes('io.containerd'))
    expect(lines(mended), name).toEqual(lines(text))
  })
})

test.each([
  ['nvidia-ctk', 'version = 2\n[plugins.x.options]\nBinaryName = "/usr/bin/nvidia-container-runtime"\n'],
  ['nvidia-ctk', 'version = 3\nimports = ["/etc/containerd/conf.d/99-nvidia.toml"]\n'],
  ['kata-deploy', 'version = 3\nimports = ["/opt/kata/containerd/config.d/kata-deploy.toml"]\n'],
  ['Ansible', '# Ansible managed\nversion = 2\n'],
  [
    'kubespray',
    'version = 2\n[a]\nbase_runtime_spec = "/etc/containerd/cri-base.json"\nBinaryName = "/usr/local/bin/runc"\n',
  ],
  ['the charm containerd of Juju', 'version = 2\n[a]\nsandbox_image = "rocks.canonical.com:443/cdk/pause:3.6"\n'],
])('%s is known by what it leaves', (writer, text) => {
  expect(readConfig(text, { path: MAIN }).writers).toEqual([writer])
})

test('a common file is nobody’s', () => {
  const text = 'version = 2\n# by hand, not with nvidia-ctk\n[a]\nbase_runtime_spec = "/etc/containerd/cri-base.json"\n'
  expect(readConfig(text, { path: MAIN }).writers).toEqual([])
})
