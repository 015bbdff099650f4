import { expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { machine, objectsOf } from './machine.ts'

const PATH = '/etc/systemd/system/containerd.service.d/zz-kcharm.conf'

function dropIn(config: Record<string, unknown>, more: StageState = {}): FileObject | undefined {
  const objects = objectsOf('configuring', machine({}, { config, ...more }))
  return objects.find((each): each is FileObject => each.kind === 'file' && each.path === PATH)
}

test('a proxy comes with what is never reached through it; the limit stands beside it', () => {
  const config = {
    https_proxy: 'http://proxy.example:3128',
    no_proxy: ['10.96.0.0/12', '.svc'],
    limit_nofile: '1048576',
  }
  expect(dropIn(config)?.text).toBe(`# Written by kcharm, which overwrites it.
[Service]
Environment="HTTPS_PROXY=http://proxy.example:3128"
Environment="NO_PROXY=localhost,127.0.0.0/8,::1,.svc,.cluster.local,10.96.0.0/12"
LimitNOFILE=1048576
`)
  expect(dropIn({ no_proxy: ['a'] })).toBeUndefined()
  expect(dropIn({})).toBeUndefined()
})

test('a proxy with a login is a secret, and what systemd would read otherwise is written so that it does not', () => {
  const file = dropIn({ http_proxy: 'env:PROXY' }, { secrets: { 'env:PROXY': 'http://u:a%20b"c@proxy' } })
  expect(file?.secret).toBe(true)
  expect(file?.text).toContain('Environment="HTTP_PROXY=http://u:a%%20b\\"c@proxy"')
  expect(dropIn({ limit_nofile: '1024:524288' })?.secret).toBeUndefined()
})

test('the machines of the model are reached without it, and a change of them says what it costs', () => {
  const addresses = ['10.0.0.1', '10.0.0.2', '192.168.7.7', 'n4.example']
  const proxy = { https_proxy: 'http://proxy.example:3128' }
  const file = dropIn({ ...proxy, no_proxy: ['192.168.0.0/16'] }, { addresses })
  expect(file?.text).toContain(
    'NO_PROXY=localhost,127.0.0.0/8,::1,.svc,.cluster.local,192.168.0.0/16,10.0.0.1,10.0.0.2,n4.example"',
  )
  expect(file?.why).toContain('one more or less changes it, and restarts containerd')
  expect(dropIn({ ...proxy, no_proxy: ['10.0.0.0/30'] }, { addresses: addresses.slice(0, 2) })?.why).toBeUndefined()
  expect(dropIn({ limit_nofile: '1' }, { addresses })?.text).not.toContain('NO_PROXY')
})

test('a large model is named by its networks', () => {
  const addresses = Array.from({ length: 257 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
  const blocked = (config: Record<string, unknown>) =>
    runStage(containerd, 'inspecting', machine({}, { config, addresses })).blocked
  const proxy = { http_proxy: 'http://proxy.example:3128' }
  expect(blocked(proxy)).toEqual({
    message: 'NO_PROXY would name 257 addresses of the model’s machines one by one',
    hint: 'name their networks in no_proxy, such as 10.0.0.0/8: what lies in one is not named besides',
  })
  expect(blocked({ ...proxy, no_proxy: ['10.0.0.0/24'] })).toBeUndefined()
  expect(blocked({})).toBeUndefined()
})

test('the daemon reads it: a change costs a restart', () => {
  const objects = objectsOf('configuring', machine({}, { config: { limit_nofile: 'infinity' } }))
  const service = objects.find((each) => each.kind === 'service')
  expect(service?.reads.map(({ key }) => key)).toContain(`file:${PATH}`)
})

test.each([
  ['http_proxy', 'http://user:hunter2@proxy'],
  ['https_proxy', 'proxy:3128'],
  ['http_proxy', '“http://proxy”'],
  ['no_proxy', ['a b']],
  ['limit_nofile', 'many'],
])('%s: %j is refused', (name, value) => {
  expect(containerd.config.safeParse({ [name]: value }).success).toBe(false)
})
