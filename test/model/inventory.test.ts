import { expect, test } from 'vitest'
import { inventoryFields, machineAt, parseInventory } from '../../lib/model/inventory.ts'
import { faultsOf, refusalOf } from './refusals.ts'

const parse = (text: string) => parseInventory(text, { file: '/srv/lab/inventory.yaml', home: '/home/ann' }).machines
const short = (text: string) => () => parseInventory(text, { file: 'i.yaml', home: '/home/ann' })

test('a machine with everything', () => {
  expect(
    parse(`known-hosts: known_hosts
machines:
- name: n1
  address: 127.0.0.1
  own-address: 10.77.0.2
  port: 2201
  user: debian
  key: keys/id
  tags: [gpu, big, gpu]
`),
  ).toEqual([
    {
      name: 'n1',
      address: '127.0.0.1',
      ownAddress: '10.77.0.2',
      port: 2201,
      user: 'debian',
      key: '/srv/lab/keys/id',
      knownHosts: '/srv/lab/known_hosts',
      tags: ['gpu', 'big'],
    },
  ])
})

test('a machine with nothing but its name and address', () => {
  expect(parse('machines: [{name: n1, address: n1.lan}]')).toEqual([
    {
      name: 'n1',
      address: 'n1.lan',
      ownAddress: 'n1.lan',
      tags: [],
    },
  ])
})

test.each([
  ['~/.ssh/id', '/home/ann/.ssh/id'],
  ['"~"', '/home/ann'],
  ['/etc/key', '/etc/key'],
  ['../key', '/srv/key'],
  ['a~b', '/srv/lab/a~b'],
])('key %s is %s', (written, key) => {
  expect(parse(`machines: [{name: n1, address: a, key: ${written}}]`)[0]?.key).toBe(key)
})

test('a home folder with a dollar sign stays as it is', () => {
  const { machines } = parseInventory('machines: [{name: n, address: a, key: ~/k}]', { file: 'i', home: '/h/$&' })
  expect(machines[0]?.key).toBe('/h/$&/k')
})

test('a bare number is a name', () => {
  expect(parse('machines: [{name: 0, address: a}]')[0]?.name).toBe('0')
})

test.each(['10.0.0.1', '::1', 'fe80::1%eth0', 'host', 'host-1.example.org'])('%s is an address', (address) => {
  expect(parse(`machines: [{name: n, address: "${address}"}]`)[0]?.address).toBe(address)
})

const bad: [string, string[]][] = [
  ['', ['i.yaml:1:1: got nothing: expected a map']],
  ['machines:', ['i.yaml:1:1: got nothing (machines): expected a list of maps']],
  ['machines: []', ['i.yaml:1:11: wrong length (machines): expected at least 1 item']],
  ['machines: {n1: 10.0.0.1}', ['i.yaml:1:11: got a map (machines): expected a list of maps']],
  [
    'machine: [{name: n1, address: a}]',
    [
      'i.yaml:1:1: missing key "machines" (machines): expected a list of maps',
      'i.yaml:1:1: unknown key "machine" (machine): expected one of: known-hosts, ssh-config, groups, machines; did you mean "machines"?',
    ],
  ],
  [
    'machines:\n- name: n1\n  adress: a',
    [
      'i.yaml:2:3: missing key "address" (machines[0].address): expected text',
      'i.yaml:3:3: unknown key "adress" (machines[0].adress): expected one of: name, address, own-address, groups, port, user, key, jump, password, sudo, sudo-password, tags, variables; did you mean "address"?',
    ],
  ],
  [
    'machines: [{name: n1, address: a, own_address: b}]',
    [
      'i.yaml:1:35: unknown key "own_address" (machines[0].own_address): expected one of: name, address, own-address, groups, port, user, key, jump, password, sudo, sudo-password, tags, variables; did you mean "own-address"?',
    ],
  ],
  [
    'machines: [{name: -x, address: a}]',
    [
      'i.yaml:1:19: not accepted (machines[0].name): expected letters, digits, dots and hyphens, a letter or digit first',
    ],
  ],
  [
    'machines: [{name: all, address: a}]',
    ['i.yaml:1:19: not accepted (machines[0].name): expected a name that is not reserved'],
  ],
  [
    'machines: [{name: toString, address: a}]',
    ['i.yaml:1:19: not accepted (machines[0].name): expected a name that is not reserved'],
  ],
  [
    'machines: [{name: n1, address: -oProxyCommand=x}]',
    ['i.yaml:1:32: not accepted (machines[0].address): expected a host name, an IP address or a name of ssh_config'],
  ],
  [
    'machines: [{name: n1, address: "a b"}]',
    ['i.yaml:1:32: not accepted (machines[0].address): expected a host name, an IP address or a name of ssh_config'],
  ],
  [
    'machines: [{name: n1, address: a;reboot}]',
    ['i.yaml:1:32: not accepted (machines[0].address): expected a host name, an IP address or a name of ssh_config'],
  ],
  [
    'machines: [{name: n1, address: 10.1}]',
    ['i.yaml:1:32: got a number (machines[0].address): expected text; write it in quotes: "10.1"'],
  ],
  [
    'machines: [{name: n1, address: a, port: 70000}]',
    ['i.yaml:1:41: out of range (machines[0].port): expected a whole number from 1 to 65535'],
  ],
  [
    'machines: [{name: n1, address: a, port: "22"}]',
    ['i.yaml:1:41: got text (machines[0].port): expected a whole number from 1 to 65535'],
  ],
  [
    'machines: [{name: n1, address: a, user: "-l root"}]',
    ['i.yaml:1:41: not accepted (machines[0].user): expected a user name'],
  ],
  [
    'machines: [{name: n1, address: a, key: ~bob/id}]',
    ['i.yaml:1:40: not accepted (machines[0].key): expected a path; ~ stands for your own home folder'],
  ],
  [
    'machines: [{name: n1, address: a, tags: gpu}]',
    ['i.yaml:1:41: got text (machines[0].tags): expected a list of text'],
  ],
  [
    'known-hosts: 5\nmachines: [{name: n1, address: a}]',
    ['i.yaml:1:14: got a number (known-hosts): expected text; write it in quotes'],
  ],
  [
    'machines:\n- {name: n1, address: a}\n- {name: n1, address: b}',
    ['i.yaml:3:10: name "n1" stands here twice (machines[1].name): expected each once'],
  ],
  [
    'machines:\n- {name: n1, address: a}\n- {name: n2, address: a, port: 22}\n- {name: n3, address: a, port: 23}',
    ['i.yaml:3:23: a port 22 is that of n1 (machines[1].address): expected each machine once'],
  ],
  [
    'machines:\n- {name: n1, address: a}\n- {name: n1, address: a, prt: 1}\n- {name: n1, address: b}',
    [
      'i.yaml:3:26: unknown key "prt" (machines[1].prt): expected one of: name, address, own-address, groups, port, user, key, jump, password, sudo, sudo-password, tags, variables; did you mean "port"?',
      'i.yaml:4:10: name "n1" stands here twice (machines[2].name): expected each once',
    ],
  ],
  [
    'machines: [',
    ['i.yaml:1:12: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
]

test.each(bad)('%j', (text, faults) => {
  expect(faultsOf(short(text))).toEqual(faults)
  expect(refusalOf(short(text))).toMatch(/^invalid-inventory: i\.yaml cannot be used/)
})

const base = { ownAddress: '10.0.0.1', address: '10.0.0.1' }

test.each([
  ['10.0.0.1', base],
  ['ann@10.0.0.1', { ...base, user: 'ann' }],
  ['10.0.0.1:2222', { ...base, port: 2222 }],
  ['ann@10.0.0.1:2222', { ...base, user: 'ann', port: 2222 }],
  ['::1', { ...base, address: '::1', ownAddress: '::1' }],
  ['[::1]:2222', { ...base, address: '::1', ownAddress: '::1', port: 2222 }],
  ['host.lan', { ...base, address: 'host.lan', ownAddress: 'host.lan' }],
])('--machine n1=%s', (text, machine) => {
  expect(machineAt(text, { name: 'n1' })).toEqual({
    name: 'n1',
    tags: [],
    ...machine,
  })
})

test.each(['', ':22', 'a:b', 'a:0', 'a:99999', '-oX', 'a b', '@a', 'a@b@c', '[::1', 'a;b'])(
  '--machine n1=%j is refused',
  (text) => {
    expect(refusalOf(() => machineAt(text, { name: 'n1' }))).toBe(
      `usage: --machine ${JSON.stringify(`n1=${text}`)}: expected ID=[USER@]HOST[:PORT]`,
    )
  },
)

test('a name that is no machine’s is refused on the command line as well', () => {
  expect(refusalOf(() => machineAt('10.0.0.1', { name: '../x' }))).toContain('usage: --machine')
})

test('groups: a machine’s own word first, then its groups in their order; tags add up', () => {
  const machines = parse(`
ssh-config: none
groups:
  workers: { user: debian, port: 2200, key: keys/w, jump: bastion, tags: [worker], sudo: password, password: env:PW }
  big: { user: ann, tags: [big], sudo-password: "file:secrets/sudo" }
machines:
- { name: a, address: a.lan, groups: [workers, big], port: 22, tags: [own] }
- { name: b, address: b.lan, groups: [big], jump: none, password: "command:pass show b" }
- { name: c, address: c.lan, groups: [workers], key: other, sudo: nopasswd }
- { name: d, address: d.lan, sudo: password, password: ask }
`)
  const workers = { sshConfig: 'none', jump: 'bastion', password: 'env:PW' }
  expect(machines).toEqual([
    {
      ...{ name: 'a', address: 'a.lan', ownAddress: 'a.lan', ...workers, user: 'debian', port: 22 },
      ...{ key: '/srv/lab/keys/w', sudo: 'password', sudoPassword: 'file:/srv/lab/secrets/sudo' },
      tags: ['own', 'worker', 'big'],
    },
    {
      ...{ name: 'b', address: 'b.lan', ownAddress: 'b.lan', sshConfig: 'none', user: 'ann', jump: 'none' },
      ...{ password: 'command:pass show b', sudoPassword: 'file:/srv/lab/secrets/sudo' },
      tags: ['big'],
    },
    {
      ...{ name: 'c', address: 'c.lan', ownAddress: 'c.lan', ...workers, user: 'debian', port: 2200 },
      ...{ key: '/srv/lab/other', sudo: 'nopasswd' },
      tags: ['worker'],
    },
    {
      ...{ name: 'd', address: 'd.lan', ownAddress: 'd.lan', sshConfig: 'none' },
      ...{ sudo: 'password', sudoPassword: 'ask:sudo password for d', password: 'ask:password for d' },
      tags: [],
    },
  ])
})

test('an inventory is one document', () => {
  const refusal = refusalOf(short('machines: [{name: a, address: a}]\n---\nmachines: []'))
  expect(refusal).toContain('i.yaml:2:1: a second document begins here: expected one')
})

test('a group’s password is asked for once, for the group', () => {
  const machines = parse(`
groups: { w: { sudo: password } }
machines: [{ name: a, address: a, groups: [w] }, { name: b, address: b, groups: [w] }]
`)
  expect(machines.map(({ sudoPassword }) => sudoPassword)).toEqual(Array(2).fill('ask:sudo password for w'))
})

test.each([
  ['groups: {}\nmachines: [{name: a, address: a, groups: [workers]}]', 'unknown group "workers"'],
  ['groups: {workers: {}}\nmachines: [{name: a, address: a, groups: [worker]}]', 'did you mean "workers"?'],
  ['groups: {w: {name: x}}\nmachines: [{name: a, address: a}]', 'name'],
  [
    'machines: [{name: a, address: a, password: hunter2}]',
    'expected where it is: env:NAME, file:PATH, command:COMMAND',
  ],
  ['machines: [{name: a, address: a, sudo: maybe}]', 'sudo'],
  ['machines: [{name: a, address: a, jump: "a b"}]', 'expected [USER@]HOST[:PORT]'],
])('a fault of groups and logins: %s', (text, words) => {
  const refusal = refusalOf(short(text))
  expect(refusal).toContain('invalid-inventory')
  expect(refusal).toContain(words)
  expect(refusal).not.toContain('hunter2')
})

test('every field of the reference has a sentence', () => {
  const fields = inventoryFields()
  expect(fields).toHaveLength(26)
  for (const { sentence } of fields) expect(sentence).toMatch(/\.$/)
  expect(fields.find(({ path }) => path === 'machines[].port')).toMatchObject({ required: false })
})
