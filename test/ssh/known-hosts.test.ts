import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entriesFor, hostPattern, judge, keyType, parseKnownHosts, type Verdict } from '../../lib/ssh/known-hosts.ts'
import { makeKey, workspace } from './workspace.ts'

const A = 'AAAAC3NzaC1lZDI1NTE5AAAAIOeRLJ+eGa850HWCESHSjDisp4ySRoFaMU6l1I4ePDgZ'
const B = 'AAAAC3NzaC1lZDI1NTE5AAAAIHaSH+zzHZp5Yz3kNUC1cHtLZKwNJmJw5CTsUPb5Oj3F'
const key = (base64: string): Buffer => Buffer.from(base64, 'base64')

function verdict(file: string, host: string, { port = 22, shown = A } = {}): [Verdict['is'], number?] {
  const result = judge(entriesFor(parseKnownHosts(file, '/k'), hostPattern(host, port)), key(shown))
  return result.is === 'unknown' ? [result.is] : [result.is, result.entry.line]
}

test.each([
  ['plain', `web ssh-ed25519 ${A}`, 'web', {}, ['known', 1]],
  ['case of the name', `web ssh-ed25519 ${A}`, 'WEB', {}, ['known', 1]],
  ['another host', `web ssh-ed25519 ${A}`, 'web2', {}, ['unknown']],
  ['empty file', '', 'web', {}, ['unknown']],
  ['comments, empty and short lines', `# web\n\nweb\nweb ssh-ed25519 ${A} ann@laptop`, 'web', {}, ['known', 4]],
  ['several names', `db,web,10.0.0.1 ssh-ed25519 ${A}`, '10.0.0.1', {}, ['known', 1]],
  ['changed', `other ssh-ed25519 ${B}\nweb ssh-ed25519 ${B}`, 'web', {}, ['changed', 2]],
  ['a second key of the host', `web ssh-ed25519 ${B}\nweb ssh-ed25519 ${A}`, 'web', {}, ['known', 2]],
  ['port', `[web]:2222 ssh-ed25519 ${A}`, 'web', { port: 2222 }, ['known', 1]],
  ['an entry of another port', `[web]:2222 ssh-ed25519 ${A}`, 'web', {}, ['unknown']],
  ['an entry without the port', `web ssh-ed25519 ${A}`, 'web', { port: 2222 }, ['unknown']],
  ['wildcard', `*.example.org ssh-ed25519 ${A}`, 'a.b.example.org', {}, ['known', 1]],
  ['a dot is a dot', `a.example.org ssh-ed25519 ${A}`, 'abexample.org', {}, ['unknown']],
  ['question mark', `node? ssh-ed25519 ${A}`, 'node7', {}, ['known', 1]],
  ['negation', `*.example.org,!bad.example.org ssh-ed25519 ${A}`, 'bad.example.org', {}, ['unknown']],
  ['negation first', `!bad*,* ssh-ed25519 ${A}`, 'bad1', {}, ['unknown']],
  ['revoked', `web ssh-ed25519 ${A}\n@revoked * ssh-ed25519 ${A}`, 'web', {}, ['revoked', 2]],
  ['another key is revoked', `@revoked * ssh-ed25519 ${B}`, 'web', {}, ['unknown']],
  ['authority', `@cert-authority *.example.org ssh-ed25519 ${B}`, 'a.example.org', {}, ['authority', 1]],
  ['authority and own key', `@cert-authority * ssh-ed25519 ${B}\nweb ssh-ed25519 ${A}`, 'web', {}, ['known', 2]],
  ['the key of an authority is no host key', `@cert-authority * ssh-ed25519 ${A}`, 'web', {}, ['authority', 1]],
  ['unknown marker', `@future web ssh-ed25519 ${A}`, 'web', {}, ['unknown']],
])('%s', (_, file, host, options, expected) => {
  expect(verdict(file, host, options)).toEqual(expected)
})

test.each([22, 2222])('names that ssh-keygen has hashed are found (port %i)', (port) => {
  const folder = workspace()
  const file = join(folder, 'known_hosts')
  writeFileSync(file, `other ssh-ed25519 ${B}\n${hostPattern('web.example.org', port)} ssh-ed25519 ${A}\n`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
  const hashed = readFileSync(file, 'utf8')
  expect(hashed).not.toContain('web.example.org')
  expect(verdict(hashed, 'web.example.org', { port })).toEqual(['known', 2])
  expect(verdict(hashed, 'web.example.com', { port })).toEqual(['unknown'])
})

test.each([
  ['ed25519', 'ssh-ed25519'],
  ['rsa', 'ssh-rsa'],
  ['ecdsa', 'ecdsa-sha2-nistp256'],
])('the type of a key is read from the key itself: %s', (type, expected) => {
  const [, base64 = ''] = makeKey(workspace(), 'host', { type }).public.split(' ')
  expect(keyType(key(base64))).toBe(expected)
})
