import { homedir, userInfo } from 'node:os'
import { type Asked, configFiles, evaluate, type Found, hostOf, tokenValues } from './evaluate.ts'
import { asFlag, asPort, asSeconds, asStrict, type SshOptions } from './options.ts'
import { expandPath, expandTokens, type TokenValues } from './tokens.ts'

/** A login as it would stand on ssh's command line. */
export interface Login {
  host: string
  user?: string
  port?: number
  /** Another file than the user's and the system's, as `ssh -F`; `none` for no file. */
  configFile?: string
}

/** What `ssh` would do for this login (ssh_config(5)). Throws `usage` for a file that ssh would refuse. */
export async function readSshOptions({ configFile, ...login }: Login): Promise<SshOptions> {
  const home = homedir()
  const { username, uid } = userInfo()
  const asked: Asked = { ...login, local: { user: username, uid, home } }
  const found = await evaluate(configFile === 'none' ? [] : configFiles(home, configFile), asked)
  return optionsFrom(found, asked)
}

function optionsFrom(found: Found, asked: Asked): SshOptions {
  const one = (keyword: string): string | undefined => found.get(keyword)?.[0]
  const hostName = hostOf(found, asked.host).toLowerCase()
  const alias = (one('hostkeyalias') ?? asked.host).toLowerCase()
  const values: TokenValues = { ...tokenValues(found, asked, hostName), alias }
  const paths = (keyword: string): string[] | undefined => found.get(keyword)?.map((word) => filled(word, values))
  const identityFiles = paths('identityfile')?.filter((path) => path.toLowerCase() !== 'none')
  const timeout = one('connecttimeout')
  const strict = one('stricthostkeychecking')
  return {
    hostName,
    port: asPort(one('port') ?? '22'),
    user: one('user') ?? asked.local.user,
    certificateFiles: paths('certificatefile') ?? [],
    identitiesOnly: asFlag(one('identitiesonly'), 'IdentitiesOnly'),
    hashKnownHosts: asFlag(one('hashknownhosts'), 'HashKnownHosts'),
    identityFiles,
    identityAgent: agentOf(one('identityagent'), values),
    hostKeyAlias: one('hostkeyalias')?.toLowerCase(),
    userKnownHosts: paths('userknownhostsfile'),
    globalKnownHosts: found.get('globalknownhostsfile'),
    strictHostKeyChecking: strict === undefined ? undefined : asStrict(strict),
    connectTimeout: timeout === undefined ? undefined : asSeconds(timeout),
    proxyJump: notNone(one('proxyjump'), values),
    proxyCommand: notNone(one('proxycommand'), values),
  }
}

function filled(word: string, values: TokenValues): string {
  return expandTokens(expandPath(word, values.local.home), values)
}

/** `SSH_AUTH_SOCK` and `$NAME` stand for what the environment has. */
function agentOf(word: string | undefined, values: TokenValues): string | undefined {
  if (word === undefined || word === 'SSH_AUTH_SOCK') return undefined
  if (word.startsWith('$') && !word.startsWith('${')) return process.env[word.slice(1)] ?? 'none'
  return filled(word, values)
}

function notNone(text: string | undefined, values: TokenValues): string | undefined {
  return text === undefined || text.toLowerCase() === 'none' ? undefined : expandTokens(text, values)
}
