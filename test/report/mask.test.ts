import { describe, expect, test } from 'vitest'
import { maskText, maskValue } from '../../lib/report/mask.ts'

const SECRET = 'hunter2-hunter2'

describe('a secret does not show', () => {
  test.each([
    ['TOML', `password = "${SECRET}"`],
    ['TOML, quoted key', `"auth" = '${SECRET}'`],
    ['TOML, dotted key', `registry.configs.x.auth.password = "${SECRET}"`],
    ['TOML, inline table', `auth = { username = "u", password = "${SECRET}" }`],
    ['TOML, several lines', `identitytoken = """\n${SECRET}\n"""`],
    ['TOML, literal of several lines', `secret = '''\na\n${SECRET}\n'''\nplain = 1`],
    ['escaped quotes', `token = "a\\"${SECRET}"`],
    ['YAML', `  registry-password: ${SECRET}`],
    ['JSON', `{"auths":{"r":{"auth":"${SECRET}"}}}`],
    ['environment', `AWS_SECRET_ACCESS_KEY=${SECRET}`],
    ['systemd unit', `Environment="HTTP_PROXY=http://user:${SECRET}@proxy:3128"`],
    ['URL', `https://user:${SECRET}@example.org/v2`],
    ['URL with a token alone', `https://${SECRET}@example.org/v2`],
    ['header', `Authorization: Bearer ${SECRET}`],
    ['header in TOML', `Authorization = ["Basic ${SECRET}"]`],
    ['private key', `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n-----END OPENSSH PRIVATE KEY-----`],
  ])('%s', (_name, text) => {
    const masked = maskText(text)
    expect(masked).not.toContain(SECRET)
    expect(masked).toContain('«secret ')
  })
})

test('what is no secret stays as it is', () => {
  const text = [
    '[plugins."io.containerd.grpc.v1.cri"]',
    '  sandbox_image = "registry.k8s.io/pause:3.10"',
    '  restrict_oom_score_adj = true # kcharm',
    'password_file = "/etc/secret/password"',
    'token = ""',
    'use_auth = false',
    'monkey: banana',
    'https://example.org/v2?x=1',
  ].join('\n')
  expect(maskText(text)).toBe(text)
})

test('equal secrets look equal and different ones differ, so that a diff shows a change', () => {
  expect(maskText('token = "a1"')).toBe(maskText('token = "a1"'))
  expect(maskText('token = "a1"')).not.toBe(maskText('token = "a2"'))
})

test('masking twice changes nothing more', () => {
  const once = maskText(`password = "${SECRET}"\nurl = "https://u:${SECRET}@h/"`)
  expect(maskText(once)).toBe(once)
})

test('values are masked by the names of their members, however deep', () => {
  const masked = maskValue({
    a: [{ password: SECRET, b: `x://u:${SECRET}@h` }],
    Authorization: `Basic ${SECRET}`,
    n: 1,
  })
  expect(JSON.stringify(masked)).not.toContain(SECRET)
  expect(masked.n).toBe(1)
})

test.each([
  ['a word without an end', 'x'],
  ['the beginnings of schemes', 'a+'],
  ['names with dots', 'a.'],
  ['quotes that stay open', 'a="'],
  ['keys that begin', '-----BEGIN PRIVATE KEY-----\n'],
  ['blocks that begin', `a = """b = '''`],
  ['blanks after a header', 'authorization=          '],
  ['addresses without a login', 'a://b:'],
])('a megabyte is looked through once, not once for each of its places: %s', (_, piece) => {
  const text = `${piece.repeat(1_000_000 / piece.length)} password=${SECRET} x`
  expect(maskText(text).includes(SECRET)).toBe(false)
})

test('a login is hidden whatever stands before it', () => {
  expect(maskText(`${'x'.repeat(100)}://u:${SECRET}@h`)).not.toContain(SECRET)
  expect(maskText(`é${'x'.repeat(3)}://u:${SECRET}@h`)).not.toContain(SECRET)
})
