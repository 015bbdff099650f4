import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { charms } from '../../charms/index.ts'
import { KcharmError } from '../../lib/errors/index.ts'
import { emptyModel } from '../../lib/model/declaration.ts'
import { secretsNamed } from '../../lib/model/secret-references.ts'
import { sourcesWith } from '../../lib/run/secret-sources.ts'
import { secretReader } from '../../lib/run/read-secret.ts'
import { operate } from '../../lib/run/operate.ts'
import { testOperator } from './operator.ts'

test('a reference is read once, without its last line end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-secret-'))
  try {
    const file = join(folder, 'password')
    writeFileSync(file, 'canary\n')
    const env: NodeJS.ProcessEnv = { PASSWORD: 'bird' }
    const secret = secretReader(env)
    expect([secret('env:PASSWORD'), secret(`file:${file}`)]).toEqual(['bird', 'canary'])
    writeFileSync(file, 'other')
    env['PASSWORD'] = 'other'
    expect([secret('env:PASSWORD'), secret(`file:${file}`)]).toEqual(['bird', 'canary'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each(['env:LOST', 'env:EMPTY', 'file:/nowhere/at/all'])('%s stands for nothing, and that is said', (reference) => {
  expect(() => secretReader({ EMPTY: '' })(reference)).toThrow(`${reference} stands for nothing here`)
})

test('what is no reference may be a secret itself: it is not repeated', () => {
  expect(() => secretReader({})('hunter2')).toThrow(/^a secret stands for nothing here$/)
})

test('a command and a question are for prepare alone, each once', async () => {
  const asked: string[] = []
  const ask = (question: string, { hidden }: { hidden: boolean }) => {
    asked.push(`${hidden ? 'hidden' : 'shown'}: ${question}`)
    return Promise.resolve('bird')
  }
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-secret-'))
  const command = `command:echo run >> ${folder}/runs; printf 'canary\\nof two lines\\n'`
  const secret = secretReader({}, ask)
  expect(() => secret(command)).toThrow('stands for nothing here')
  expect(() => secret('ask:token of r')).toThrow('stands for nothing here')
  expect(asked).toEqual([])
  expect(existsSync(join(folder, 'runs'))).toBe(false)
  await secret.prepare([command, 'ask:token of r', 'env:LOST', 'file:/nowhere'])
  await secret.prepare([command, 'ask:token of r'])
  expect([secret(command), secret('ask:token of r')]).toEqual(['canary\nof two lines', 'bird'])
  expect(asked).toEqual(['hidden: token of r: '])
  expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('run\n')
  rmSync(folder, { recursive: true })
})

test.each([
  ['command:echo hunter2; exit 1', 'see what this prints where kcharm runs, within 60 s'],
  ['command:true', 'see what this prints where kcharm runs, within 60 s'],
  ['ask:token', 'there is no terminal to ask at'],
])('%s that gives nothing is refused before anything is connected', async (reference, hint) => {
  const refused = await secretReader({})
    .prepare([reference])
    .catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'invalid-option', message: `${reference} stands for nothing here` })
  expect((refused as KcharmError).detail.hint).toContain(hint)
})

test('a command that hangs is given up, whatever it has started', async () => {
  const { command } = sourcesWith(undefined, {}, { within: () => 0.3 })
  expect(await command.read('sleep 20 & sleep 20')).toBeUndefined()
})

test('the references of the options that take one are found, and no others', () => {
  const options = {
    http_proxy: 'command:proxy',
    registries: [
      { host: 'a', mirrors: [{ url: 'https://a', token: 'ask:token', ca: 'command:ca' }] },
      { host: 'b', mirrors: [{ url: 'https://b', token: 'ask:token', ca: '-----BEGIN CERTIFICATE-----\nask:x' }] },
    ],
    extra: { 'debug.address': 'command:touch /tmp/x' },
  }
  const application = (name: string, life: 'present' | 'absent', setOptions: object) => ({
    ...{ name, charm: 'containerd', bundleOptions: options, resources: {}, machines: [], life },
    setOptions: { ...setOptions },
  })
  const applications = {
    c: application('c', 'present', { https_proxy: 'env:PROXY' }),
    gone: application('gone', 'absent', { http_proxy: 'ask:never' }),
    strange: { ...application('strange', 'present', {}), charm: 'nobody' },
  }
  expect(secretsNamed({ ...emptyModel('m', 'id'), applications }, charms).toSorted()).toEqual([
    'ask:token',
    'command:ca',
    'command:proxy',
    'env:PROXY',
  ])
})

test('what has to be asked is asked before the first connection, and a no opens none', async () => {
  const operator = await testOperator(0)
  const machines = [{ name: 'n1', address: 'n1', ownAddress: 'n1', tags: [] }]
  const verb = operator.deploy(
    'applications: { c: { charm: containerd, options: { http_proxy: "ask:proxy" } } }',
    operator.terms({ inventory: { file: '/i', machines }, resources: {} }),
  )
  const order: string[] = []
  const open = () => {
    order.push('open')
    return Promise.reject(new KcharmError('connection', 'nobody is there'))
  }
  const answers = ['http://proxy', '']
  const deploy = () => {
    const ask = (question: string) => {
      order.push(question)
      return Promise.resolve(answers.shift() ?? '')
    }
    return operate({ ...operator.work(), open, secret: secretReader({}, ask) }, verb, { dryRun: true })
  }
  await deploy()
  expect(order).toEqual(['proxy: ', 'open'])
  await expect(deploy()).rejects.toMatchObject({ code: 'invalid-option' })
  expect(order).toEqual(['proxy: ', 'open', 'proxy: '])
})
