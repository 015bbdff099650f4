import { expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import { machine, objectsOf } from './machine.ts'

const PATH = '/etc/systemd/system/containerd.service.d/zz-kcharm.conf'

function dropIn(config: Record<string, unknown>, secrets: Record<string, string> = {}): FileObject | undefined {
  const objects = objectsOf('configuring', machine({}, { config, secrets }))
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
  const file = dropIn({ http_proxy: 'env:PROXY' }, { 'env:PROXY': 'http://u:a%20b"c@proxy' })
  expect(file?.secret).toBe(true)
  expect(file?.text).toContain('Environment="HTTP_PROXY=http://u:a%%20b\\"c@proxy"')
  expect(dropIn({ limit_nofile: '1024:524288' })?.secret).toBeUndefined()
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
