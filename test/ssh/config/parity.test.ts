import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { configFiles, evaluate, type Found } from '../../../lib/ssh/config/evaluate.ts'
import { readSshOptions } from '../../../lib/ssh/config/index.ts'
import { workspace } from '../workspace.ts'

interface Case {
  config: string
  /** Files beside the config; `@` in any of the texts stands for their folder. */
  more?: Record<string, string>
  /** `[USER@]HOST[:PORT]` as on a command line. */
  ask: string[]
}

/** Each is given to `ssh -G` and to us. */
const CASES: Record<string, Case> = {
  'an empty file': { config: '', ask: ['web', 'Web.Example.ORG', 'u@web:2222', '10.0.0.1', 'fe80::1'] },
  'a host by its name': {
    config: 'Host web\n  HostName web.example.org\n  Port 2200\n  User ann\n',
    ask: ['web', 'db'],
  },
  'the first value counts': { config: 'Port 1\nHost *\nPort 2\nUser a\nUser b\n', ask: ['web'] },
  'the command line comes first': { config: 'Host *\nPort 2\nUser a\n', ask: ['root@web:99', 'root@web', 'web'] },
  'stars and question marks': {
    config: 'Host web-?? *.lab\nUser a\nHost web*\nUser b\nHost ?\nUser c\n',
    ask: ['web-01', 'web-1', 'x.lab', 'webby', 'q'],
  },
  'what a pattern may hold is no regular expression': {
    config: 'Host a.b\nUser dot\nHost a+b\nUser plus\nHost [ab]\nUser bracket\n',
    ask: ['a.b', 'axb', 'aab', 'a+b', '[ab]'],
  },
  negation: {
    config: 'Host *.lab !db.lab\nUser a\nHost !db.lab\nUser b\nHost *\nUser c\n',
    ask: ['db.lab', 'x.lab', 'y'],
  },
  'negation after the hit': { config: 'Host !a* ab b\nUser x\n', ask: ['ab', 'b', 'c'] },
  'case of the name': { config: 'Host WEB\nUser a\nHost web\nUser b\n', ask: ['web', 'WEB', 'Web'] },
  'keywords in any case, with equals signs': {
    config: 'HOST=web\n  hostname = h.example\n  PORT=7\n  uSeR=  ann\n',
    ask: ['web'],
  },
  'tabs, blanks, ends of line of another system': { config: '\tHost\tweb \r\n\t Port\t 7 \r\n', ask: ['web'] },
  'comments in their places': {
    config: '# one\nHost web # two\n  # three\n  User ann # four\n  HostName h#5\n',
    ask: ['web', '#', 'two'],
  },
  quotes: {
    config: 'Host "web"\n  User "an n"\n  IdentityFile "/k e y"\n  IdentityFile \'/s i n\'\n  HostKeyAlias "x"\n',
    ask: ['web'],
  },
  'quotes and backslashes within': {
    config: 'Host web\n  IdentityFile /a\\ b\n  IdentityFile /a"b c"d\n  IdentityFile "/a\\"b"\n  IdentityFile /a\\b\n',
    ask: ['web'],
  },
  'several identity files add up once each': {
    config:
      'Host w*\nIdentityFile /a\nIdentityFile /b\nHost *\nIdentityFile /a\nIdentityFile ~/c\nCertificateFile /d\n',
    ask: ['web', 'x'],
  },
  'tokens in HostName': { config: 'Host *\n  HostName %h.example.org\n', ask: ['web', 'Web'] },
  'a percent sign in HostName': { config: 'Host web\n  HostName a%%h-%h\n', ask: ['web'] },
  'tokens in the known_hosts file': {
    config: 'Host *\n  UserKnownHostsFile @/%n-%h-%p-%r-%u-%% "@/k h" ~/own\n  HostName h.example\n',
    ask: ['web', 'ann@web:7'],
  },
  'the alias among the tokens': {
    config: 'Host web\n  HostKeyAlias Alias\n  UserKnownHostsFile @/%k\nHost *\n  UserKnownHostsFile @/%k\n',
    ask: ['web', 'db'],
  },
  'the agent': {
    config:
      'Host a\nIdentityAgent none\nHost b\nIdentityAgent SSH_AUTH_SOCK\nHost c\nIdentityAgent ~/agent-%r\nIdentitiesOnly yes\n',
    ask: ['a', 'b', 'c', 'd'],
  },
  'host keys': {
    config:
      'Host a\nStrictHostKeyChecking accept-new\nHost b\nStrictHostKeyChecking off\nHost c\nStrictHostKeyChecking yes\nHost d\nStrictHostKeyChecking ask\nHost *\nHashKnownHosts yes\nGlobalKnownHostsFile /g1 /g2\n',
    ask: ['a', 'b', 'c', 'd', 'e'],
  },
  times: {
    config:
      'Host a\nConnectTimeout 10\nHost b\nConnectTimeout 1m30s\nHost c\nConnectTimeout none\nHost d\nConnectTimeout 2H\n',
    ask: ['a', 'b', 'c', 'd', 'e'],
  },
  'one jump': { config: 'Host web\n  ProxyJump bastion\n', ask: ['web', 'bastion'] },
  'several jumps': { config: 'Host web\n  ProxyJump ann@b1:2201,b2\n', ask: ['web'] },
  'no jump at all': {
    config: 'Host bastion\n  ProxyJump none\nHost *\n  ProxyJump bastion\n',
    ask: ['bastion', 'web'],
  },
  'a command in between': {
    config: 'Host web\n  ProxyCommand nc -X 5 "%h" %p # not a comment\nHost none\n  ProxyCommand none\n',
    ask: ['web', 'none'],
  },
  'jump before command': { config: 'Host *\nProxyJump b\nProxyCommand nc %h %p\n', ask: ['web'] },
  'command before jump': { config: 'Host *\nProxyCommand nc %h %p\nProxyJump b\n', ask: ['web'] },
  'Match all': { config: 'Host db\nUser a\nMatch all\nUser b\n', ask: ['db', 'web'] },
  'Match host': {
    config: 'Host web\nHostName Web.Example.org\nMatch host *.example.org,!x\nUser a\nMatch host WEB\nPort 5\n',
    ask: ['web', 'y.example.org', 'x'],
  },
  'Match originalhost': {
    config: 'Host web\nHostName h.example\nMatch originalhost web\nUser a\nMatch originalhost h.example\nPort 5\n',
    ask: ['web', 'h.example', 'WEB'],
  },
  'Match user': {
    config: 'Match user ann,bo*\nPort 5\nMatch user !root\nPort 6\nMatch localuser root\nConnectTimeout 3\n',
    ask: ['ann@web', 'bob@web', 'root@web', 'web', 'carl@web'],
  },
  'Match with a user that the file gave': {
    config: 'Host web\nUser ann\nMatch user ann\nPort 5\n',
    ask: ['web', 'db'],
  },
  'Match with several words, negated ones too': {
    config: 'Match host web,db !user ann\nPort 5\nMatch !host web user ann\nPort 6\nMatch !all\nPort 7\n',
    ask: ['web', 'ann@web', 'ann@x', 'x'],
  },
  'Match with quotes and equals signs': { config: 'Match host="web" user "ann"\nPort 5\n', ask: ['ann@web', 'web'] },
  'Match exec': {
    config: 'Match exec "test %h = web"\nPort 5\nMatch exec false\nPort 6\nMatch !exec "exit 3"\nUser x\n',
    ask: ['web', 'db'],
  },
  'Match exec with every token': {
    config:
      'HostName h.%h\nUser ann\nUserKnownHostsFile @/%k\nMatch exec "echo %n %h %p %r %u %d %i %k %% >>@/said"\nPort 5\n',
    ask: ['web', 'bob@web:9'],
  },
  'Match final': {
    config: 'Match final host h.example\nUser late\nHost web\nHostName h.example\nHost h.example\nPort 5\n',
    ask: ['web', 'h.example', 'x'],
  },
  'no Match final, no second walk': { config: 'Host web\nHostName h.example\nHost h.example\nPort 5\n', ask: ['web'] },
  'Match canonical needs the second walk': {
    config: 'Match canonical\nUser a\nMatch !final\nPort 7\nMatch !canonical\nPort 8\n',
    ask: ['web'],
  },
  'canonical names without domains': {
    config: 'CanonicalizeHostname yes\nMatch canonical\nUser a\nHost web\nHostName h\nHost h\nPort 6\n',
    ask: ['web'],
  },
  'canonical names, always': { config: 'CanonicalizeHostname always\nMatch canonical all\nUser a\n', ask: ['web'] },
  'canonical names that are whole already': {
    config: 'CanonicalizeHostname yes\nCanonicalDomains example.org\nMatch canonical\nUser a\n',
    ask: ['192.0.2.1', '2001:db8::1', 'a.b.example.org'],
  },
  'files included by a pattern': {
    config: 'Include @/d/*.conf @/none\nHost *\nUser z\n',
    more: {
      'd/b.conf': 'Host *\nPort 2\n',
      'd/a.conf': 'Host web\nPort 1\n',
      'd/c.txt': 'User no\n',
      'd/.h.conf': 'User no\n',
    },
    ask: ['web', 'db'],
  },
  'files included by brackets': {
    config: 'Include @/d[1-2]/[!b]?\n',
    more: { 'd1/a1': 'Port 1\n', 'd1/b1': 'Port 2\n', 'd2/c1': 'User c\n', 'd3/a1': 'User no\n' },
    ask: ['web'],
  },
  'a section of an included file ends with it': {
    config: 'Host web\n  Include @/inner\n  Port 7\n',
    more: { inner: 'Host db\n  User never\nHost web\n User ann\nHost other\n' },
    ask: ['web', 'db'],
  },
  'included where the section does not apply': {
    config: 'Host web\n  Include @/inner\nHost *\n Port 7\n',
    more: { inner: 'User top\nHost *\n  ConnectTimeout 4\nMatch all\n HashKnownHosts yes\n' },
    ask: ['web', 'db'],
  },
  'included files that include': {
    config: 'Include @/a\nPort 9\n',
    more: { a: 'Include @/b\nHost web\nInclude @/c\n', b: 'User b\n', c: 'Port 3\n' },
    ask: ['web', 'db'],
  },
}

const KEYS = [
  'user',
  'hostname',
  'port',
  'hashknownhosts',
  'stricthostkeychecking',
  'hostkeyalias',
  'identitiesonly',
  'identityagent',
  'identityfile',
  'certificatefile',
  'globalknownhostsfile',
  'userknownhostsfile',
  'connecttimeout',
  'proxycommand',
  'proxyjump',
]

test(`${Object.keys(CASES).length} files, more than thirty`, () => {
  expect(Object.keys(CASES).length).toBeGreaterThanOrEqual(30)
})

test.each(Object.entries(CASES))('ssh -G and we agree: %s', async (_, { config, more = {}, ask }) => {
  const folder = workspace()
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text.replaceAll('@/', `${folder}/`))
    return path
  }
  for (const [name, text] of Object.entries(more)) file(name, text)
  const path = file('config', config)
  for (const asked of ask) {
    const [, user, host = '', port] = /^(?:(.*)@)?(.*?)(?::(\d+))?$/.exec(asked.includes('::') ? '' : asked) ?? []
    const login = {
      host: host === '' ? asked : host,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port: Number(port) }),
    }
    expect(await ours(login, path), `${asked} with\n${config}`).toEqual(theirs(login, path))
    const said = join(folder, 'said')
    const lines = existsSync(said) ? readFileSync(said, 'utf8').trim().split('\n') : ['', '']
    expect(lines.length, 'a command that both of us ran').toBeGreaterThan(1)
    expect(new Set(lines).size, lines.join('\n')).toBe(1)
    rmSync(said, { force: true })
  }
})

interface Login {
  host: string
  user?: string
  port?: number
}

function theirs({ host, user, port }: Login, path: string): Record<string, string[]> {
  const words = ['-G', '-F', path, ...(user ? ['-l', user] : []), ...(port ? ['-p', String(port)] : []), '--', host]
  const lines = execFileSync('ssh', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')
  const found: Record<string, string[]> = {}
  for (const line of lines) {
    const [key = '', ...rest] = line.split(' ')
    if (KEYS.includes(key)) found[key] = [...(found[key] ?? []), rest.join(' ')]
  }
  if (String(found['identityfile']) === String(USUAL_KEYS)) delete found['identityfile']
  return found
}

const USUAL_KEYS = ['rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk', 'xmss', 'dsa'].map(
  (kind) => `~/.ssh/id_${kind}`,
)

/** In the words of `ssh -G`, which shows identity files and commands with their tokens as they stand. */
async function ours(login: Login, path: string): Promise<Record<string, string[]>> {
  const { username, uid, homedir } = userInfo()
  const found: Found = await evaluate(configFiles(homedir, path), {
    ...login,
    local: { user: username, uid, home: homedir },
  })
  const options = await readSshOptions({ ...login, configFile: path })
  const yes = (flag: boolean): string => (flag ? 'yes' : 'no')
  const said: Record<string, string[] | undefined> = {
    user: [options.user],
    hostname: [options.hostName],
    port: [String(options.port)],
    hashknownhosts: [yes(options.hashKnownHosts)],
    stricthostkeychecking: [STRICT[options.strictHostKeyChecking ?? 'ask'] ?? ''],
    hostkeyalias: options.hostKeyAlias === undefined ? undefined : [options.hostKeyAlias],
    identitiesonly: [yes(options.identitiesOnly)],
    identityagent: options.identityAgent === undefined ? found.get('identityagent') : [options.identityAgent],
    identityfile: found.get('identityfile'),
    certificatefile: found.get('certificatefile'),
    globalknownhostsfile: [
      (options.globalKnownHosts ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']).join(' '),
    ],
    userknownhostsfile: [
      (options.userKnownHosts ?? ['known_hosts', 'known_hosts2'].map((name) => join(homedir, '.ssh', name))).join(' '),
    ],
    connecttimeout: [String(options.connectTimeout ?? 'none')],
    proxycommand: options.proxyCommand === undefined ? undefined : found.get('proxycommand'),
    proxyjump: options.proxyJump === undefined ? undefined : [options.proxyJump],
  }
  return Object.fromEntries(Object.entries(said).flatMap(([key, words]) => (words ? [[key, words]] : [])))
}

/** `ssh -G` says true and false of the two ends. */
const STRICT: Record<string, string> = { yes: 'true', no: 'false', ask: 'ask', 'accept-new': 'accept-new' }
