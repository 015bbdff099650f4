import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from '@iarna/toml'
import { beforeAll, expect, test } from 'vitest'
import { makeStandInKata } from '../../lib/lab/archives/stand-in-kata.ts'

let kata: string

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kcharm-stand-in-'))
  process.env['KCHARM_CACHE'] = folder
  const { path } = await makeStandInKata()
  execFileSync('tar', ['-C', folder, '-xJf', path])
  kata = join(folder, 'opt/kata')
  return () => rm(folder, { recursive: true })
})

test('it is named and laid out as the release, and says that it is none', async () => {
  const { path } = await makeStandInKata()
  expect(basename(path)).toBe('kata-static-3.20.0-amd64.tar.xz')
  expect(await readFile(join(kata, 'STAND-IN'), 'utf8')).toContain('This is no Kata Containers')
  expect(await readFile(join(kata, 'VERSION'), 'utf8')).toBe('3.20.0\n')
  for (const name of [
    'versions.yaml',
    'libexec/virtiofsd',
    'bin/qemu-system-x86_64',
    'share/kata-qemu/qemu/bios-256k.bin',
  ]) {
    expect((await stat(join(kata, name))).isFile()).toBe(true)
  }
})

test.each([
  [
    'bin/containerd-shim-kata-v2',
    'Kata Containers containerd shim (Golang): id: "io.containerd.kata.v2", version: 3.20.0, commit: stand-in',
  ],
  [
    'runtime-rs/bin/containerd-shim-kata-v2',
    'Kata Containers containerd shim (Rust): id: io.containerd.kata.v2, version: 3.20.0, commit: stand-in',
  ],
  ['bin/kata-runtime', 'kata-runtime  : 3.20.0\n   commit   : stand-in\n   OCI specs: 1.2.0'],
])('%s answers --version and refuses anything else', (name, answer) => {
  expect(execFileSync(join(kata, name), ['--version'], { encoding: 'utf8' })).toBe(`${answer}\n`)
  expect(() => execFileSync(join(kata, name), ['start'], { stdio: 'pipe' })).toThrow(/a stand-in, which runs nothing/)
})

test.each([
  ['share/kata-containers/vmlinux.container', 'vmlinux-6.12.36-158'],
  ['share/kata-containers/kata-containers.img', 'kata-ubuntu-noble.image'],
  ['share/defaults/kata-containers/configuration.toml', 'configuration-qemu.toml'],
  ['share/defaults/kata-containers/runtime-rs/configuration.toml', 'configuration-qemu-runtime-rs.toml'],
])('%s is a link that leads to a file', async (name, target) => {
  expect(await readlink(join(kata, name))).toBe(target)
  expect((await stat(join(kata, dirname(name), target))).isFile()).toBe(true)
})

test.each([
  ['configuration-qemu.toml', 'qemu'],
  ['configuration-clh.toml', 'clh'],
  ['configuration-fc.toml', 'firecracker'],
  ['runtime-rs/configuration-dragonball.toml', 'dragonball'],
  ['runtime-rs/configuration-qemu-runtime-rs.toml', 'qemu'],
])('%s configures %s', async (name, hypervisor) => {
  const config = parse(await readFile(join(kata, 'share/defaults/kata-containers', name), 'utf8'))
  expect(config['hypervisor']).toHaveProperty(hypervisor)
})

// Two of them can be unpacked here; all three were, with xz 5.4, gzip 1.12 and zstd 1.5.4, when their digests were noted.
test('the same bytes everywhere, in each compression', async () => {
  const archives = await Promise.all(
    (['xz', 'gz', 'zst'] as const).map((compression) => makeStandInKata({ compression })),
  )
  expect(archives.map(({ sha256 }) => sha256)).toEqual([
    '0aefbea5e17d961edaaea2d2725249a14733537c6ca8ef536415cecbde8708ab',
    'f20072175707bde9325d78c23d9b78fb5b5648381ad7a1b26bfc0a4e3fb88056',
    '969ad28645d6c735d7aff744422fe7cac988876e9775205f23698c33e79f8100',
  ])
  const tar = gunzipSync(await readFile(archives[1]?.path ?? ''))
  expect(execFileSync('xz', ['-dc', archives[0]?.path ?? ''])).toEqual(tar)
})

test('a version comes in the compression of its release', async () => {
  const paths = await Promise.all(
    ['3.2.0', '3.20.0', '3.21.0', '4.0.0'].map((version) => makeStandInKata({ version, arch: 'arm64' })),
  )
  expect(paths.map(({ path }) => basename(path))).toEqual([
    'kata-static-3.2.0-arm64.tar.xz',
    'kata-static-3.20.0-arm64.tar.xz',
    'kata-static-3.21.0-arm64.tar.zst',
    'kata-static-4.0.0-arm64.tar.zst',
  ])
})

interface Look {
  wanted: Parameters<typeof makeStandInKata>[0]
  name: string
  there: string[]
  missing: string[]
}

const GO_SHIM = 'bin/containerd-shim-kata-v2'
const RUST_SHIM = 'runtime-rs/bin/containerd-shim-kata-v2'
const CONFIGS = 'share/defaults/kata-containers'

test.each<Look>([
  {
    wanted: { version: '2.2.0' },
    name: 'kata-static-2.2.0-x86_64.tar.xz',
    there: [GO_SHIM, 'libexec/kata-qemu/virtiofsd', `${CONFIGS}/configuration-acrn.toml`],
    missing: [RUST_SHIM, 'VERSION', 'libexec/virtiofsd', `${CONFIGS}/runtime-rs`],
  },
  {
    wanted: { version: '3.0.2' },
    name: 'kata-static-3.0.2-x86_64.tar.xz',
    there: [GO_SHIM, RUST_SHIM, `${CONFIGS}/configuration-dragonball.toml`, 'libexec/virtiofsd'],
    missing: ['VERSION', `${CONFIGS}/runtime-rs`],
  },
  {
    wanted: { version: '3.32.0' },
    name: 'kata-static-3.32.0-amd64.tar.zst',
    there: [GO_SHIM, RUST_SHIM, 'VERSION', `${CONFIGS}/runtime-rs/configuration-clh-runtime-rs.toml`],
    missing: [`${CONFIGS}/runtime-rs/configuration-cloud-hypervisor.toml`],
  },
  {
    wanted: { version: '4.1.0' },
    name: 'kata-static-4.1.0-amd64.tar.zst',
    there: [RUST_SHIM, 'VERSION', `${CONFIGS}/runtime-rs/configuration-dragonball.toml`],
    missing: [GO_SHIM, 'bin/kata-runtime', 'bin/firecracker', `${CONFIGS}/configuration-qemu.toml`],
  },
  {
    wanted: { version: '4.1.0', kind: 'go-static' },
    name: 'kata-go-static-4.1.0-amd64.tar.zst',
    there: [GO_SHIM, 'bin/kata-runtime', 'bin/firecracker', `${CONFIGS}/configuration-qemu.toml`],
    missing: [RUST_SHIM, `${CONFIGS}/runtime-rs`],
  },
])('$name has the layout of its release', async ({ wanted, name, there, missing }) => {
  const xz = await makeStandInKata({ ...wanted, compression: 'xz' })
  const { path } = await makeStandInKata(wanted)
  expect(basename(path)).toBe(name)
  const entries = execFileSync('tar', ['-tJf', xz.path], { encoding: 'utf8' })
    .split('\n')
    .map((entry) => entry.replace(/^\.\/opt\/kata\//, '').replace(/\/$/, ''))
  expect(there.filter((each) => !entries.includes(each))).toEqual([])
  expect(missing.filter((each) => entries.includes(each))).toEqual([])
  const dangles = name.startsWith('kata-static-4')
  expect(entries).toContain(`${CONFIGS}/configuration.toml`)
  expect(entries.includes(`${CONFIGS}/configuration-qemu.toml`)).toBe(!dangles)
})
