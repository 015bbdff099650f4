import { describe, expect, test } from 'vitest'
import { containerd } from '../../../charms/containerd/charm.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'
import { CERTIFICATE, KEY, OTHER_KEY } from './certificate.ts'
import { CONFIG, DROP_IN, fileText, machine, mainAfter, objectsOf, V2, withVersion } from './machine.ts'

const CERTS = '/etc/containerd/certs.d'
const PLAIN = { host: 'docker.io', mirrors: [{ url: 'http://mirror.example:5000', override_path: false }] }

function withRegistries(registries: unknown[], more: StageState = {}, observed: Record<string, unknown> = {}) {
  return machine(observed, { ...more, config: { registries } })
}

function fileAt(state: StageState, path: string): FileObject | undefined {
  const objects = objectsOf('configuring', state)
  return objects.find((each): each is FileObject => each.kind === 'file' && each.path === path)
}

function refusal(state: StageState): string | undefined {
  return runStage(containerd, 'inspecting', state).blocked?.message
}

describe('hosts.toml', () => {
  test('a plain mirror, with the registry behind it', () => {
    const hosts = fileAt(withRegistries([PLAIN]), `${CERTS}/docker.io/hosts.toml`)
    expect(hosts?.secret).toBeUndefined()
    expect(hosts?.text).toBe(`# Written by kcharm, which overwrites it.
[host."http://mirror.example:5000"]
  capabilities = ["pull", "resolve"]
  override_path = false
`)
  })

  test('server, certificates and switches stand with the host that is asked', () => {
    const mirrors = [{ url: 'https://m.example', capabilities: ['pull'], ca: 'file:/ca.pem', skip_verify: true }]
    const state = withRegistries([{ host: 'r.example:5000', server: 'https://m.example', mirrors }], {
      secrets: { 'file:/ca.pem': CERTIFICATE },
    })
    const files = objectsOf('configuring', state).filter((each) => each.kind === 'file')
    const [ca, hosts] = files.map(({ path }) => path)
    expect(ca).toMatch(/^\/etc\/containerd\/certs\.d\/r\.example:5000\/ca-[0-9a-f]{8}\.pem$/)
    expect(hosts).toBe(`${CERTS}/r.example:5000/hosts.toml`)
    expect(files.map(({ text }) => text)).toEqual([
      CERTIFICATE,
      `# Written by kcharm, which overwrites it.
server = "https://m.example"
[host."https://m.example"]
  capabilities = ["pull"]
  ca = "${ca}"
  skip_verify = true
`,
    ])
  })

  test('credentials are headers in a secret file', () => {
    const mirrors = [
      { url: 'https://a.example', username: 'me', password: 'env:PASSWORD' },
      { url: 'https://b.example', token: 'file:/token' },
    ]
    const state = withRegistries([{ host: 'a.example', mirrors }], {
      secrets: { 'env:PASSWORD': 'canary', 'file:/token': 'bird' },
    })
    const hosts = fileAt(state, `${CERTS}/a.example/hosts.toml`)
    expect(hosts?.secret).toBe(true)
    expect(hosts?.text).toContain(`Authorization = ["Basic ${Buffer.from('me:canary').toString('base64')}"]`)
    expect(hosts?.text).toContain('Authorization = ["Bearer bird"]')
  })

  test('a client’s certificate stands beside its key, which only root may read', () => {
    const mirrors = [{ url: 'https://m.example', client: { cert: 'file:/c.pem', key: 'env:KEY' } }]
    const state = withRegistries([{ host: 'r.example', mirrors }], {
      secrets: { 'file:/c.pem': CERTIFICATE, 'env:KEY': KEY },
    })
    const files = objectsOf('configuring', state).filter((each) => each.kind === 'file')
    const [cert, key, hosts] = files
    expect(cert).toMatchObject({ text: CERTIFICATE })
    expect(key).toMatchObject({ path: cert?.path.replace(/pem$/, 'key'), text: KEY, secret: true })
    expect(hosts?.secret).toBeUndefined()
    expect(hosts?.text).toContain(`  client = [["${cert?.path}", "${key?.path}"]]`)
  })

  test('it is no reason for a restart; the folder in the main file is', () => {
    const objects = objectsOf('configuring', withRegistries([PLAIN]))
    const service = objects.find((each) => each.kind === 'service')
    expect(service?.reads.map(({ key }) => key)).toEqual([`file:${CONFIG}`, 'pkg:containerd'])
    expect(mainAfter(objects, V2)).toContain(`config_path = "${CERTS}"`)
  })
})

describe('the folder', () => {
  const at = '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = '

  test('is the operator’s where there is one, and one of a list (containerd#12636)', () => {
    const own = withRegistries([PLAIN], {}, { [`text:${CONFIG}`]: `${V2}${at}"/srv/certs"\n` })
    expect(fileAt(own, '/srv/certs/docker.io/hosts.toml')).toBeDefined()
    expect(mainAfter(objectsOf('configuring', own), `${V2}${at}"/srv/certs"\n`)).toBe(`${V2}${at}"/srv/certs"\n`)
    const list = `version = 3\n[plugins."io.containerd.cri.v1.images".registry]\n  config_path = "${CERTS}:/etc/docker/certs.d"\n`
    const two = withRegistries([PLAIN], {}, withVersion('2.2.1', list))
    expect(fileText(objectsOf('configuring', two), DROP_IN)).toContain(
      `[plugins."io.containerd.cri.v1.images".registry]\n  config_path = "${CERTS}"`,
    )
  })
})

describe('refused, with the way out', () => {
  const inline = (what: string) => ({
    [`text:${CONFIG}`]: `${V2}[plugins."io.containerd.grpc.v1.cri".registry.${what}]\n  x = 1\n`,
  })

  test.each<[string, StageState, RegExp]>([
    [
      'mirrors in the main file (killer-sh#93)',
      withRegistries([PLAIN], {}, inline('mirrors."docker.io"')),
      /has registry\.mirrors\."docker\.io", which containerd refuses/,
    ],
    [
      'TLS settings in the main file',
      withRegistries([PLAIN], {}, inline('configs."r".tls')),
      /has registry\.configs\."r"\.tls/,
    ],
    ['a registry twice', withRegistries([PLAIN, PLAIN]), /docker\.io is there twice/],
    [
      'a username alone',
      withRegistries([{ host: 'a', mirrors: [{ url: 'https://a', username: 'me' }] }]),
      /go together/,
    ],
  ])('%s', (_name, state, words) => {
    expect(refusal(state)).toMatch(words)
    expect(runStage(containerd, 'inspecting', state).blocked?.hint).toMatch(/\w/)
  })

  test('mirrors in the main file are shown as the option that takes their place, without a login', () => {
    const at = '[plugins."io.containerd.grpc.v1.cri".registry.'
    const main = `${V2}${at}mirrors."docker.io"]\n  endpoint = ["https://me:canary@m.example", "http://n:5000"]
${at}mirrors."*"]\n  endpoint = ["https://m.example"]\n${at}configs."m.example".tls]\n  insecure_skip_verify = true\n`
    const { hint = '' } =
      runStage(containerd, 'inspecting', withRegistries([PLAIN], {}, { [`text:${CONFIG}`]: main })).blocked ?? {}
    const [, option = ''] = /what they say: (\[.*\]);/.exec(hint) ?? []
    expect(containerd.config.parse({ registries: JSON.parse(option) }).registries).toMatchObject([
      { host: 'docker.io', mirrors: [{ url: 'https://m.example' }, { url: 'http://n:5000' }] },
      { host: '_default', mirrors: [{ url: 'https://m.example' }] },
    ])
    expect(hint).toContain('give TLS settings as ca, client and skip_verify there; take them out of the file')
  })

  test('mirrors in the main file alone are nobody’s business', () => {
    expect(refusal(machine(inline('mirrors."docker.io"')))).toBeUndefined()
  })

  test('a secret that cannot be had, and a certificate that is none, before anything is changed', () => {
    const lost = { host: 'a', mirrors: [{ url: 'https://a', token: 'env:LOST' }] }
    expect(() => refusal(withRegistries([lost]))).toThrow('env:LOST stands for nothing')
    const wrong = { host: 'a', mirrors: [{ url: 'https://a', ca: 'bm90IGEgY2VydGlmaWNhdGU=' }] }
    expect(() => refusal(withRegistries([wrong]))).toThrow('registries: a: its ca holds no certificate')
  })

  test.each([
    ['another certificate’s key', OTHER_KEY],
    ['no key at all', 'canary'],
  ])('%s', (_name, key) => {
    const pair = { host: 'a', mirrors: [{ url: 'https://a', client: { cert: 'env:C', key: 'env:K' } }] }
    const state = withRegistries([pair], { secrets: { 'env:C': CERTIFICATE, 'env:K': key } })
    expect(() => refusal(state)).toThrow(/^registries: a: env:K is no key of env:C$/)
  })

  test.each([
    ['a password in the bundle', { url: 'https://a', username: 'me', password: 'hunter2' }],
    ['a login in the URL', { url: 'https://me:hunter2@a' }],
    ['a URL that would break the file', { url: 'https://a"]' }],
  ])('%s', (_name, mirror) => {
    const parsed = containerd.config.safeParse({ registries: [{ host: 'a', mirrors: [mirror] }] })
    expect(parsed.success).toBe(false)
  })

  test.each(['../x', 'https://a', 'A B', ''])('a host named %j', (host) => {
    expect(containerd.config.safeParse({ registries: [{ host }] }).success).toBe(false)
  })
})
