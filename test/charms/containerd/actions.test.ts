import { describe, expect, test } from 'vitest'
import * as questions from '../../../charms/containerd/actions.ts'
import { containerd } from '../../../charms/containerd/charm.ts'
import { kata } from '../../../charms/kata/charm.ts'
import { CONFIG } from '../../../charms/containerd/observe.ts'
import { askAction } from '../../../lib/testing/index.ts'
import { machine } from './machine.ts'

const USUAL = { bin: '', config: CONFIG, socket: '/run/containerd/containerd.sock' }
const plugins = questions.plugins(USUAL)
const images = questions.images(USUAL)
const deprecations = questions.deprecations(USUAL)

const TABLE = `TYPE                                   ID                       PLATFORMS      STATUS    
io.containerd.event.v1                 exchange                 -              ok        
io.containerd.snapshotter.v1           zfs                      linux/amd64    skip      
io.containerd.grpc.v1                  cri                      linux/amd64    STATE     
`
const DETAIL = `Type:             io.containerd.event.v1
ID:               exchange
                               
Type:             io.containerd.grpc.v1
ID:               cri
Platforms:        linux/amd64
Error:           
                  Code:        Unknown
                  Message:     invalid plugin config: no corresponding runtime configured
                                  
Type:             io.containerd.content.v1
ID:               content
`

test('the charm has the actions, each with a question that is given up', () => {
  expect(Object.keys(containerd.actions ?? {})).toEqual(['plugins', 'images', 'deprecations', 'orphans'])
  const lost = askAction(containerd, 'orphans', machine({}))
  for (const { script } of [plugins, images, deprecations, lost]) expect(script).toContain('--connect-timeout 3s')
})

describe('plugins', () => {
  test('a table of all, and why one failed', () => {
    const answer = plugins.parse(`${TABLE.replace('STATE', 'error')}${DETAIL}`)
    expect(answer).toMatchObject({ ok: false, says: '3 plugins, failed: io.containerd.grpc.v1.cri' })
    expect(answer.result).toContainEqual({
      type: 'io.containerd.grpc.v1',
      id: 'cri',
      status: 'error',
      error: 'invalid plugin config: no corresponding runtime configured',
    })
  })

  test('one that was skipped is no failure; without CRI the answer is no', () => {
    expect(plugins.parse(TABLE.replace('STATE', 'ok'))).toMatchObject({ ok: true, says: '3 plugins, none failed' })
    expect(plugins.parse(TABLE.split('io.containerd.grpc.v1')[0] ?? '')).toMatchObject({
      ok: false,
      says: '2 plugins, none failed; CRI is not among them',
    })
  })
})

test('images have name, size and digest, and whether they are pinned', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const frame = `REF TYPE DIGEST SIZE PLATFORMS LABELS 
registry.k8s.io/pause:3.8 application/vnd.oci.image.index.v1+json ${digest} 311.3 KiB linux/amd64,linux/arm64 io.cri-containerd.image=managed,io.cri-containerd.pinned=pinned 
docker.io/library/a:1     application/vnd.oci.image.index.v1+json ${digest} 1.0 GiB   linux/amd64             io.cri-containerd.image=managed                                 
`
  expect(images.parse(frame)).toEqual({
    ok: true,
    result: [
      { name: 'registry.k8s.io/pause:3.8', size: '311.3 KiB', digest, pinned: true },
      { name: 'docker.io/library/a:1', size: '1.0 GiB', digest, pinned: false },
    ],
    says: '2 images, 1 pinned',
  })
})

describe('deprecations', () => {
  test.each(['', '[]', 'null'])('none: %j', (frame) => {
    expect(deprecations.parse(frame)).toEqual({ ok: true, result: [], says: 'nothing deprecated is in use' })
  })

  test('what was used, and when', () => {
    const frame = '[{"id":"io.containerd.deprecation/cgroup-v1","message":"m","lastOccurrence":"2026-01-01T00:00:00Z"}]'
    expect(deprecations.parse(frame)).toEqual({
      ok: false,
      result: [{ id: 'io.containerd.deprecation/cgroup-v1', message: 'm', last: '2026-01-01T00:00:00Z' }],
      says: '1 deprecated things are in use',
    })
    expect(deprecations.parse('no json')).toMatchObject({
      ok: false,
      says: expect.stringContaining('no list') as string,
    })
  })

  test('an older containerd has no such list', () => {
    expect(deprecations.parse('kcharm: exit 3')).toMatchObject({
      ok: false,
      says: expect.stringContaining('1.6.27') as string,
    })
  })
})

test.each([
  ['kcharm: no socket', 'there is no /run/containerd/containerd.sock'],
  ['kcharm: exit 1', 'the daemon does not answer'],
])('a daemon that is not there is no answer: %s', (frame, says) => {
  for (const question of [plugins, images, deprecations]) {
    expect(question.parse(frame)).toEqual({ ok: false, result: null, says })
  }
})

describe('the daemon that is asked', () => {
  const K3S = {
    flavour: 'k3s',
    service: 'k3s',
    version: '2.1.4',
    text: 'version = 3\n',
  }
  test.each([
    ['the usual one', {}, {}, ' ctr --connect-timeout', '/run/containerd/containerd.sock'],
    [
      'at another address',
      { [`text:${CONFIG}`]: 'version = 2\n[grpc]\n  address = "/run/other.sock"\n' },
      {},
      ' ctr -a "$R"/run/other.sock --connect-timeout',
      '/run/other.sock',
    ],
    [
      'at another address, in schema 4',
      { [`text:${CONFIG}`]: "version = 4\n[plugins.'io.containerd.server.v1.grpc']\n  address = '/run/four.sock'\n" },
      {},
      ' ctr -a "$R"/run/four.sock --connect-timeout',
      '/run/four.sock',
    ],
    [
      'at the address of extra',
      {},
      { extra: { 'grpc.address': '/run/extra.sock' } },
      ' ctr -a "$R"/run/extra.sock --connect-timeout',
      '/run/extra.sock',
    ],
    [
      'inside k3s',
      { 'containerd:flavour': 'k3s', 'containerd:rancher': K3S },
      {},
      ' "$R"/var/lib/rancher/k3s/data/current/bin/ctr -a "$R"/run/k3s/containerd/containerd.sock --connect-timeout',
      '/run/k3s/containerd/containerd.sock',
    ],
  ])('is %s', (_name, observed, config, words, socket) => {
    for (const name of ['plugins', 'images', 'deprecations']) {
      const reading = askAction(containerd, name, machine(observed, { config }))
      expect(reading.script).toContain(words)
      expect(reading.parse('kcharm: no socket').says).toBe(`there is no ${socket}`)
    }
  })
})

test('kata’s smoke asks where containerd says that it is', () => {
  const K3S = {
    socket: 'unix:///run/k3s/containerd/containerd.sock',
    programs: '/var/lib/rancher/k3s/data/current/bin',
    config: '/var/lib/rancher/k3s/agent/etc/containerd/config.toml',
  }
  const bag = { runtime: 'containerd', version: '2.1.4', wired: [], loaded: [] }
  const script = (places: Record<string, string>) =>
    askAction(kata, 'smoke', { config: { shims: ['qemu'] }, peers: { runtime: [{ ...bag, ...places }] } }).script
  expect(script(K3S)).toContain(`export CONTAINERD_ADDRESS="$R"/run/k3s/containerd/containerd.sock
PATH="$R"/var/lib/rancher/k3s/data/current/bin:$PATH
main="$R"/var/lib/rancher/k3s/agent/etc/containerd/config.toml`)
  expect(script({ socket: 'unix:///run/containerd/containerd.sock' })).toContain(
    'containerd.sock\nmain="$R"/etc/containerd/config.toml\n',
  )
})
