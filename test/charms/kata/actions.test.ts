import { describe, expect, test } from 'vitest'
import { kata } from '../../../charms/kata/charm.ts'
import { askAction, type StageState } from '../../../lib/testing/index.ts'
import { archiveNamed, machine } from './machine.ts'
import { readOn } from './on-tree.ts'

const KATA = { type: 'io.containerd.kata-qemu.v2', path: '/opt/kata/bin/containerd-shim-kata-v2' }
const HOST = '6b46dc57-0000-0000-0000-000000000000'
const GUEST = '4a0fa4c1-0000-0000-0000-000000000000'

describe('smoke', () => {
  test('a kernel of its own, and a process with the sandbox’s id that holds a KVM machine: yes', () => {
    const answer = smoke({ boot: GUEST, vmm: 'anon_inode:kvm-vm' })
    expect(answer).toMatchObject({
      ok: true,
      says: 'kata-qemu gave a kernel of its own, in qemu-system-x86 (process 4242)',
      result: {
        boot_id: { inside: GUEST, outside: HOST },
        kernel_inside: 'Linux version 6.12 (guest)',
        runtime: KATA.path,
      },
    })
  })

  /** kata.md section 9: kata#9256, nvidia-container-toolkit#1040 (the entry is another's by now). */
  test.each<[string, Parameters<typeof smoke>[0], RegExp]>([
    [
      'a handler that is in truth runc',
      { boot: HOST, entry: { type: 'io.containerd.runc.v2' } },
      /inside runs this machine’s own kernel \(io\.containerd\.runc\.v2\)/,
    ],
    [
      'the same where each container has a boot id of its own (systemd-nspawn)',
      { boot: GUEST, kernel: 'Linux version 6.12 (guest)', entry: { type: 'io.containerd.runc.v2' } },
      /inside runs this machine’s own kernel/,
    ],
    [
      'a shim that starts nothing',
      { error: 'ctr: a stand-in, which runs nothing' },
      /no container came up under kata-qemu: ctr: a stand-in/,
    ],
    ['a handler that is not loaded', { entry: { type: '' } }, /containerd has not loaded kata-qemu/],
    ['another kernel without a virtual machine', { boot: GUEST }, /no process of this sandbox holds a KVM machine/],
  ])('%s: no', (_name, given, words) => {
    const answer = smoke(given)
    expect(answer.ok).toBe(false)
    expect(answer.says).toMatch(words)
  })

  test.each<[string, StageState & { params?: Record<string, unknown> }, RegExp]>([
    ['a handler that the unit does not have', { params: { handler: 'kata-clh' } }, /has no handler kata-clh/],
    ['Firecracker, which cannot stand on a folder', { config: { shims: ['fc'] } }, /takes block devices only/],
  ])('%s is refused', (_name, state, words) => {
    expect(() => askAction(kata, 'smoke', state)).toThrow(words)
  })

  test('takes the machine’s lock, as it makes a container', () => {
    expect(kata.actions?.['smoke']?.makes).toBe(true)
  })
})

describe('check', () => {
  const runtime = (status: number) => `#!/bin/sh\necho "$@"; echo "System is capable"; exit ${status}\n`

  test('kata-runtime is asked with the shim’s own configuration', () => {
    const answer = run('check', { '/opt/kata/bin/kata-runtime': runtime(0) })
    expect(answer).toMatchObject({ ok: true, says: 'kata-runtime check: can run Kata' })
    expect(JSON.stringify(answer.result)).toMatch(/--config \S*configuration-qemu\.toml check --no-network-checks/)
  })

  test('its no is ours', () => {
    const answer = run('check', { '/opt/kata/bin/kata-runtime': runtime(1) })
    expect(answer).toMatchObject({ ok: false, says: 'kata-runtime check: no (status 1)' })
  })

  test('kata-ctl, where that is there; and a word where neither is', () => {
    expect(run('check', { '/opt/kata/bin/kata-ctl': runtime(0) }).says).toBe('kata-ctl check: can run Kata')
    expect(run('check', {})).toMatchObject({
      ok: false,
      says: expect.stringContaining('only kata-go-static') as string,
    })
  })

  test('without an archive there is nothing to ask', () => {
    expect(() => askAction(kata, 'check', {})).toThrow('the resource `kata` has no file')
  })
})

describe('collect', () => {
  test('Kata’s own script, where it works', () => {
    const answer = run('collect', { '/opt/kata/bin/kata-collect-data.sh': '#!/bin/sh\necho "# Meta details"\n' })
    expect(answer.result).toEqual({ 'kata-collect-data.sh': '# Meta details' })
  })

  test('else the same things, without comments and with what is laid over', () => {
    const own = '/opt/kata-config/qemu'
    const answer = run(
      'collect',
      {
        '/opt/kata/bin/kata-collect-data.sh': '#!/bin/sh\nexit 1\n',
        '/opt/kata/bin/kata-runtime': '#!/bin/sh\necho "kata-runtime : 3.20.0"\n',
        [`${own}/configuration-qemu.toml`]: '# long\n[runtime]\n  # more\nname = "x"\n',
        [`${own}/config.d/40-memory.toml`]: 'default_memory = 512\n',
        '/stubs/containerd': '#!/bin/sh\necho containerd\n',
      },
      { memory: 512 },
    )
    expect(answer.result).toMatchObject({
      versions: '/opt/kata/bin/kata-runtime: kata-runtime : 3.20.0\ncontainerd',
      [`${own}/configuration-qemu.toml`]: '[runtime]\nname = "x"',
      [`${own}/config.d/40-memory.toml`]: 'default_memory = 512',
    })
  })
})

test('sandboxes are listed by id, of both runtimes', () => {
  const answer = run('sandboxes', { '/run/vc/sbs/a/x': '', '/run/kata/b/x': '' })
  expect(answer).toEqual({ ok: true, says: '2 sandboxes', result: ['a', 'b'] })
})

interface Smoke {
  boot?: string
  /** What a process with the sandbox's id has open. */
  vmm?: string
  error?: string
  entry?: { type: string; path?: string }
  /** The machine's own kernel. */
  kernel?: string
}

/** ctr and containerd are programs of the test; the first makes the processes that a shim would make. */
function smoke({ boot = '', vmm, error = '', entry = KATA, kernel = 'Linux version 6.1 (host)' }: Smoke) {
  const lines = entry.type === '' ? [] : [`runtime_type = '${entry.type}'`, `runtime_path = '${entry.path ?? ''}'`]
  const dump = `version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.kata-qemu]\n  ${lines.join('\n  ')}\n`
  const made =
    vmm === undefined
      ? ''
      : `p="$R/proc/4242"; mkdir -p "$p/fd"; echo qemu-system-x86 >"$p/comm"; printf 'qemu\\0-name\\0sandbox-%s' "$id" >"$p/cmdline"; ln -s '${vmm}' "$p/fd/3"`
  const ctr = [
    '#!/bin/sh',
    'R=${0%/stubs/ctr}',
    'case $1 in run) ;; task) touch "$R/killed"; exit ;; *) exit ;; esac',
    'for each; do case $each in kcharm-smoke-*) id=$each ;; esac; done',
    ...(boot === ''
      ? [`echo '${error}' >&2; exit 1`]
      : [made, `echo "inside boot ${boot}"; echo "inside kernel Linux version 6.12 (guest)"`]),
    'while [ ! -e "$R/killed" ]; do sleep 0.1; done',
  ]
  return readOn(askAction(kata, 'smoke'), {
    '/proc/sys/kernel/random/boot_id': `${HOST}\n`,
    '/proc/version': `${kernel}\n`,
    '/stubs/containerd': `#!/bin/sh\ncat <<'END'\n${dump}END\n`,
    '/stubs/ctr': `${ctr.join('\n')}\n`,
  })
}

function run(action: string, files: Record<string, string>, config: Record<string, unknown> = {}) {
  const state = machine({}, { config, resources: { kata: archiveNamed('kata-static-3.20.0-amd64.tar.xz') } })
  return readOn(askAction(kata, action, state), files)
}
