import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import { kubeletDriver, unitFacts } from '../../../charms/containerd/observe.ts'
import type { Check } from '../../../lib/lifecycle/charm.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { CONFIG, DROP_IN, fileText, handler, machine, mainAfter, objectsOf, V2, withVersion } from './machine.ts'

const related = { peers: { handlers: [{ handlers: [{ ...handler, snapshotter: 'nydus' }] }] } }
const RUNC =
  '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n'
const OPTIONS = `${RUNC}  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\n`

function refusal(state: StageState, stage = 'inspecting'): string | undefined {
  const { blocked } = runStage(containerd, stage, state)
  expect(blocked === undefined || (blocked.hint ?? '') !== '').toBe(true)
  return blocked?.message
}

describe('systemd_cgroup', () => {
  const on = { config: { systemd_cgroup: 'true' } }
  const driverSet = `${V2}${OPTIONS}    SystemdCgroup = true\n`

  test('auto leaves the driver alone; a word sets it on every runtime of runc’s type, whole on 1.x', () => {
    expect(mainAfter(objectsOf('configuring', machine()), driverSet)).toBe(driverSet)
    const set = mainAfter(objectsOf('configuring', machine({}, on)), V2)
    expect(set).toContain('runtime_type = "io.containerd.runc.v2"')
    expect(set).toContain('SystemdCgroup = true')
  })

  test('2.x gets it in the drop-in', () => {
    const objects = objectsOf('configuring', machine(withVersion('2.1.4', 'version = 3\n'), on))
    expect(fileText(objects, DROP_IN)).toContain(
      '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]\n  SystemdCgroup = true',
    )
  })

  test('is not changed under running containers, on and back', () => {
    const busy = { 'containerd:tasks': 3 }
    const words = /cgroup driver of runc would change under 3 running/
    expect(refusal(machine(busy, on))).toMatch(words)
    expect(refusal(machine({}, on))).toBeUndefined()
    const ours = mainAfter(objectsOf('configuring', machine({}, on)), V2)
    expect(refusal(machine({ ...busy, [`text:${CONFIG}`]: ours }, on))).toBeUndefined()
    expect(refusal(machine({ ...busy, [`text:${CONFIG}`]: ours }))).toMatch(words)
    expect(refusal(machine({ ...busy, [`text:${CONFIG}`]: ours }), 'unwiring')).toMatch(words)
    const two = { ...busy, ...withVersion('2.1.4', 'version = 3\n') }
    const dropIn = fileText(objectsOf('configuring', machine(two, on)), DROP_IN)
    expect(refusal(machine(two, on))).toMatch(words)
    expect(refusal(machine({ ...two, [`text:${DROP_IN}`]: dropIn }, on))).toBeUndefined()
    expect(refusal(machine({ ...two, [`text:${DROP_IN}`]: dropIn }))).toMatch(words)
  })

  test('a driver that the operator has set already is no change', () => {
    expect(refusal(machine({ 'containerd:tasks': 3, [`text:${CONFIG}`]: driverSet }, on))).toBeUndefined()
  })

  test('is refused where the kubelet uses the other one', () => {
    expect(refusal(machine({ 'containerd:kubelet-driver': 'cgroupfs' }, on))).toMatch(
      /kubelet uses the cgroupfs driver/,
    )
    expect(refusal(machine({ 'containerd:kubelet-driver': 'systemd' }, on))).toBeUndefined()
    expect(kubeletDriver.parse('"systemd"')).toBe('systemd')
    expect(kubeletDriver.parse('')).toBeUndefined()
  })
})

describe('the unit in charge', () => {
  const show = (argv: string, mode: string) =>
    `ExecStart={ path=/usr/bin/containerd ; argv[]=${argv} ; ignore_errors=no ; pid=1 }\nKillMode=${mode}\n`

  test('is read as systemd prints it', () => {
    expect(unitFacts.parse(show('/usr/bin/containerd', 'process'))).toEqual({ killMode: 'process' })
    expect(unitFacts.parse(show('/usr/bin/containerd --config /etc/x.toml --root /r', 'mixed'))).toEqual({
      config: '/etc/x.toml',
      killMode: 'mixed',
    })
    expect(unitFacts.parse(show(`/usr/bin/containerd -c=${CONFIG}`, 'process'))).toEqual({ killMode: 'process' })
    expect(unitFacts.parse('')).toEqual({})
  })

  test('with another configuration, or one that kills what runs, is refused', () => {
    expect(refusal(machine({ 'containerd:unit': { config: '/etc/x.toml' } }))).toMatch(/configuration \/etc\/x\.toml/)
    const mixed = { 'containerd:unit': { killMode: 'mixed' } }
    expect(refusal(machine({ ...mixed, 'containerd:tasks': 2 }))).toMatch(/KillMode=mixed.*2 running/)
    expect(refusal(machine(mixed))).toBeUndefined()
    const elsewhere = { [`text:${CONFIG}`]: 'version = 2\nstate = "/run/other"\n', 'containerd:tasks:/run/other': 2 }
    expect(refusal(machine({ ...mixed, ...elsewhere }))).toMatch(/KillMode=mixed.*2 running/)
  })
})

test('sandbox_image stands where each schema has it, pinned on 2.x', () => {
  const config = { config: { sandbox_image: 'mirror.example/pause:3.10' } }
  expect(mainAfter(objectsOf('configuring', machine({}, config)), V2)).toContain(
    'sandbox_image = "mirror.example/pause:3.10"',
  )
  const objects = objectsOf('configuring', machine(withVersion('2.3.7', 'version = 4\n'), config))
  expect(fileText(objects, DROP_IN)).toContain(
    '[plugins."io.containerd.cri.v1.images".pinned_images]\n  sandbox = "mirror.example/pause:3.10"',
  )
})

describe('a handler’s own snapshotter', () => {
  test('stands in its table, and on 2.x with the image service as well', () => {
    expect(mainAfter(objectsOf('configuring', machine({}, related)), V2)).toContain('snapshotter = "nydus"')
    for (const version of [2, 3, 4]) {
      const state = machine(withVersion('2.3.7', `version = ${version}\n`), related)
      const text = fileText(objectsOf('configuring', state), DROP_IN) ?? ''
      expect(text.match(/snapshotter = "nydus"/g)).toHaveLength(2)
      expect(text).toContain('[plugins."io.containerd.cri.v1.images".runtime_platforms.kata-qemu]')
    }
  })

  test('is refused on 1.6', () => {
    expect(refusal(machine(withVersion('1.6.20~ds1', V2), related))).toMatch(
      /1\.6\.20 knows no snapshotter .*kata-qemu/,
    )
    expect(refusal(machine({}, related))).toBeUndefined()
  })
})

describe('extra', () => {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  const extra = { [`${cri}.max_concurrent_downloads`]: 7, 'timeouts."io.containerd.timeout.shim.load"': '9s' }

  test('goes into the main file of 1.x and out again without a trace', () => {
    const text = `${V2}[${cri}]\n  max_concurrent_downloads = 3 # mine\n`
    const set = mainAfter(objectsOf('configuring', machine({}, { config: { extra } })), text)
    expect(set).toContain('max_concurrent_downloads = 7 # kcharm, was 3 # mine')
    expect(set).toContain('"io.containerd.timeout.shim.load" = "9s"')
    expect(mainAfter(objectsOf('unwiring', machine()), set)).toBe(text)
  })

  test('goes into the drop-in of 2.x, which forbids keys that the daemon does not know', () => {
    const objects = objectsOf('configuring', machine(withVersion('2.3.7', V2), { config: { extra } }))
    expect(fileText(objects, DROP_IN)).toContain('max_concurrent_downloads = 7')
    const file = objects.find((each) => each.kind === 'file')
    expect(file).toMatchObject({ validate: { forbid: 'Ignoring unknown key' } })
  })

  test.each([
    ['version', /path of a key in a table/],
    ['a b', /path of a key in a table/],
    ['a.b = 1\nc', /path of a key in a table/],
    [`${cri}.registry.configs."r".auth.password`, /credentials go into the option registries/],
  ])('%j is refused', (key, words) => {
    expect(refusal(machine({}, { config: { extra: { [key]: 1 } } }))).toMatch(words)
  })

  test('what another option sets is refused', () => {
    const config = { sandbox_image: 'a', extra: { [`${cri}.sandbox_image`]: 'b' } }
    expect(() => mainAfter(objectsOf('configuring', machine({}, { config })), V2)).toThrow(
      /is set by an option of its own/,
    )
  })

  test('a key that a 1.x daemon passes over in silence fails the proof', () => {
    const state = machine({}, { config: { extra: { [`${cri}.max_concurrent_downloads`]: 7 } } })
    const verdict = checkNamed(state, 'settings').verdict
    expect(verdict(`version = 2\n[${cri}]\n  max_concurrent_downloads = 7\n`)).toBeUndefined()
    expect(verdict(`version = 2\n[${cri}]\n`)).toMatch(/max_concurrent_downloads not as set/)
  })
})

test('the default runtime must be in the effective configuration beside the handlers', () => {
  const verdict = checkNamed(machine({}, { peers: { handlers: [{ handlers: [handler] }] } }), 'handlers').verdict
  const at = '[plugins."io.containerd.grpc.v1.cri".containerd'
  const dump = `version = 2\n${at}]\ndefault_runtime_name = "runc"\n${at}.runtimes.kata-qemu]\nruntime_type = "x"\n`
  expect(verdict(dump)).toMatch(/^runc missing/)
  expect(verdict(`${dump}${at}.runtimes.runc]\nruntime_type = "y"\n`)).toBeUndefined()
})

function checkNamed(state: StageState, name: string): Check {
  const found = runStage(containerd, 'proving', state).checks?.find((each) => each.name.startsWith(name))
  if (found === undefined) throw new Error(`no check ${name}`)
  return found
}
