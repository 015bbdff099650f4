import { describe, expect, test } from 'vitest'
import { editConfig, isMoved, moveToSchema3, readConfig, setImport } from '../../../../charms/containerd/toml/index.ts'
import { DROP_IN } from '../machine.ts'
import { HANDLER, MAIN, OUTCOMES, readFixtures } from './fixtures.ts'

const CRI = 'plugins."io.containerd.grpc.v1.cri"'
const RUNTIME = 'plugins."io.containerd.cri.v1.runtime"'
const IMAGES = 'plugins."io.containerd.cri.v1.images"'
const V3 = 'version = 3 # kcharm, was 2\n'

function move(text: string, daemon = '2.3.7') {
  return moveToSchema3(text, { path: MAIN, daemon })
}

describe('schema 2 becomes schema 3', () => {
  test.each([
    ['a plugin that is not CRI’s', `[plugins."io.containerd.gc.v1.scheduler"]\na = 1\n`, undefined],
    [
      'a header',
      `# x\n[${CRI}.containerd.runtimes.runc] # y\n  a = 1\n`,
      `# x\n[${RUNTIME}.containerd.runtimes.runc] # y\n  a = 1\n`,
    ],
    [
      'a header in other quotes',
      `[ plugins . 'io.containerd.grpc.v1.cri' . registry ]\n  config_path = "/c" # d\n`,
      `[ plugins . "io.containerd.cri.v1.images" . registry ]\n  config_path = "/c" # d\n`,
    ],
    [
      'a setting whose plugin is another than its table’s',
      `[${CRI}]\n  # the mirror's\n  sandbox_image = "x/pause:1" # y\n  enable_selinux = true\n`,
      `[${RUNTIME}]\n  # the mirror's\n  enable_selinux = true\n\n[${IMAGES}.pinned_images]\n  sandbox = "x/pause:1" # y\n`,
    ],
    [
      'a list over several lines, and the snapshotter without any runtime',
      `[${CRI}.containerd]\n  snapshotter = "native"\n[${CRI}.image_decryption]\n  a = [\n    1, # one\n  ]\n`,
      `[${RUNTIME}.containerd]\n[${IMAGES}.image_decryption]\n  a = [\n    1, # one\n  ]\n\n[${IMAGES}]\n  snapshotter = "native"\n`,
    ],
    [
      'the streaming server, which stays where it was',
      `[${CRI}]\n  stream_server_port = "1"\n[${CRI}.x509_key_pair_streaming]\n  tls_cert_file = "c"\n`,
      `[${RUNTIME}]\n[${CRI}.x509_key_pair_streaming]\n  tls_cert_file = "c"\n\n[${CRI}]\n  stream_server_port = "1"\n`,
    ],
    [
      'a folder that became a list',
      `[${CRI}.cni]\n  bin_dir   =  "/b" # y\n`,
      `[${RUNTIME}.cni]\n  bin_dirs = ["/b"] # y\n`,
    ],
    [
      'a key with another name',
      `[${CRI}.containerd.runtimes.kata]\n  sandbox_mode = "shim"\n`,
      `[${RUNTIME}.containerd.runtimes.kata]\n  sandboxer = "shim"\n`,
    ],
    [
      'dotted keys',
      `[plugins]\n  "io.containerd.grpc.v1.cri".sandbox_image = "p"\n  "io.containerd.grpc.v1.cri".cni.conf_dir = "/d"`,
      `[plugins]\n  "io.containerd.cri.v1.images".pinned_images.sandbox = "p"\n  "io.containerd.cri.v1.runtime".cni.conf_dir = "/d"`,
    ],
    [
      'a table of one line that belongs together',
      `[${CRI}]\n  registry = { config_path = "/c" }\n  cni = { conf_dir = "/d" }\n`,
      `[${RUNTIME}]\n  cni = { conf_dir = "/d" }\n\n[${IMAGES}]\n  registry = { config_path = "/c" }\n`,
    ],
  ])('%s', (_what, body, wanted = body) => {
    const { text } = move(`version = 2\n${body}`)
    expect(text).toBe(V3 + wanted)
    expect(move(text).text).toBe(text)
    expect(isMoved(text)).toBe(true)
  })

  test('containerd 2.0 has one folder of CNI’s programs still', () => {
    const text = `version = 2\n[${CRI}.cni]\n  bin_dir = "/b"\n`
    expect(move(text, '2.0.10').text).toBe(`${V3}[${RUNTIME}.cni]\n  bin_dir = "/b"\n`)
  })

  test.each([
    ['version = 2 # kcharm, was 1 # y\n', 'version = 3 # kcharm, was 1 # y\n'],
    ['version = 2 # kcharm\n[debug]\n', 'version = 3 # kcharm, was 2\n[debug]\n'],
    ['"version" = 2\n', '"version" = 3 # kcharm, was 2\n'],
    ['  version=0x2 # mine\n', '  version=3 # kcharm, was 2 # mine\n'],
  ])('%j tells afterwards that it was moved', (text, wanted) => {
    expect(move(text).text).toBe(wanted)
    expect(isMoved(wanted)).toBe(true)
  })

  test('a version of something else tells nothing', () => {
    expect(isMoved('version = 3\n[plugins.x]\n  version = 3 # kcharm, was 2\n')).toBe(false)
  })

  test('a last line that moves takes its own line end along, whatever the others are', () => {
    const { text } = move(`version = 2\r\n[${CRI}]\n  # abc\n  sandbox_image = "x"`)
    expect(text).toContain('  # abc\r\n')
    expect(text).toContain('  sandbox = "x"')
  })

  test.each(['version = 1\n', 'version = 3\n', 'version = 4\n', '', '[debug]\n'])('%j stays as it is', (text) => {
    expect(move(text)).toEqual({ text, gone: [] })
    expect(isMoved(text)).toBe(false)
  })

  test('what no containerd 2 has is named, and stands under the name that the others have', () => {
    const runc = `${CRI}.containerd.runtimes.runc`
    const text = `version = 2\n[${CRI}]\nsystemd_cgroup = true\n[${runc}]\nruntime_engine = "x"\n[${runc}.options]\nCriuPath = "c"\nSystemdCgroup = true\n`
    expect(move(text).gone).toEqual([`${CRI}.systemd_cgroup`, `${runc}.runtime_engine`, `${runc}.options.CriuPath`])
    expect(move(text).text).toContain(`[${RUNTIME}]\nsystemd_cgroup = true\n`)
  })

  test.each([
    [
      'settings of two plugins in one line',
      `[${CRI}]\ncontainerd = { snapshotter = "native", default_runtime_name = "runc" }\n`,
      /config\.toml:3: .*snapshotter stands in a table of one line/,
    ],
    [
      'a setting under both names',
      `[${CRI}]\nsandbox_image = "a"\n[${IMAGES}.pinned_images]\nsandbox = "b"\n`,
      /names of schema 2 and of a later/,
    ],
    [
      'a table that dotted keys have made',
      `[plugins]\n"io.containerd.grpc.v1.cri".registry.config_path = "/x"\n[${CRI}.containerd]\nsnapshotter = "a"\n`,
      /leaves no place for the names of schema 3/,
    ],
    [
      'a header that only a parser understands',
      '["\\u0070lugins"."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\n',
      /config\.toml:2: this layout leaves no place/,
    ],
    [
      'a table under both names',
      `[${CRI}]\nenable_selinux = true\n[${RUNTIME}]\ncdi_spec_dirs = []\n`,
      /names of schema 2 and of a later/,
    ],
  ])('%s is refused', (_what, body, words) => {
    expect(() => move(`version = 2\n${body}`)).toThrow(words)
  })
})

const OF_SCHEMA_2 = [...readFixtures()].filter(
  ([name, text]) => OUTCOMES[name] === 'edited' && readConfig(text, { path: MAIN }).schema === 2,
)

test.each(OF_SCHEMA_2)('%s: moved, its handlers are those that it had, and an import goes in', (name, text) => {
  if (name === '35-v2-aks2-kata-mixed') {
    expect(() => move(text)).toThrow(/names of schema 2 and of a later one/)
    return
  }
  const { text: moved } = move(text)
  const [before, after] = [text, moved].map((each) => readConfig(each, { path: MAIN, daemon: '2.3.7' }))
  expect(after).toMatchObject({
    schema: 3,
    socket: before?.socket,
    defaultRuntime: before?.defaultRuntime,
    pauseImage: before?.pauseImage,
    registryFolder: before?.registryFolder,
    inlineRegistries: before?.inlineRegistries,
  })
  expect(Object.entries(after?.runtimes ?? {}).map(([key, { type }]) => [key, type])).toEqual(
    Object.entries(before?.runtimes ?? {}).map(([key, { type }]) => [key, type]),
  )
  expect(setImport(moved, DROP_IN, { path: MAIN, present: true })).toContain('version = 3')
  const comments = (all: string) => all.split('\n').filter((line) => /^\s*#/.test(line))
  expect(comments(moved)).toEqual(comments(text))
})

test('what kcharm had in the file for 1.x does not move along', () => {
  const own = editConfig('version = 2\n', { handlers: [HANDLER] }, { path: MAIN })
  const left = editConfig(own, { handlers: [] }, { path: MAIN })
  expect(move(left).text).toBe(V3)
})
