import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { KcharmError } from '../errors/index.ts'
import { readSshOptions } from './config/index.ts'
import type { SshOptions } from './config/options.ts'
import type { Secret, Target } from './target.ts'

/** A login as the inventory words it; what is absent is as `ssh` would do it. */
export interface Wish {
  /** The machine's name in messages. */
  name: string
  /** A host name, an IP address or a name of ssh_config. */
  address: string
  port?: number
  user?: string
  key?: string
  /** `[USER@]HOST[:PORT],…` or `none`. */
  jump?: string
  knownHosts?: string
  /** Another ssh_config; `none` for none. */
  sshConfig?: string
  password?: Secret
}

/** Fills in what ssh_config says, for every hop on the way. Throws `usage` for what ssh would refuse, `auth` for what cannot be done here. */
export async function resolveTarget(wish: Wish): Promise<Target> {
  const { target, options } = await lookUp(wish)
  return await withWay(target, { wish, options, path: [target] })
}

async function lookUp(wish: Wish): Promise<{ target: Target; options: SshOptions }> {
  const { address: host, user, port, sshConfig: configFile } = wish
  const options = await readSshOptions({
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(configFile === undefined ? {} : { configFile }),
  })
  return { target: targetFrom(wish, options), options }
}

function targetFrom(wish: Wish, options: SshOptions): Target {
  const usual = ['known_hosts', 'known_hosts2'].map((name) => join(homedir(), '.ssh', name))
  const own = wish.knownHosts === undefined ? (options.userKnownHosts ?? usual) : [wish.knownHosts]
  const [knownHosts = '', ...others] = own.filter((file) => file.toLowerCase() !== 'none')
  const system = options.globalKnownHosts ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
  const agent = options.identityAgent ?? process.env['SSH_AUTH_SOCK']
  return {
    name: wish.name,
    host: options.hostName,
    port: options.port,
    user: options.user,
    // As `known_hosts none`: a key is believed, and forgotten.
    knownHosts: knownHosts === '' ? '/dev/null' : knownHosts,
    moreKnownHosts: [...others, ...system],
    hashKnownHosts: options.hashKnownHosts,
    ...(wish.key === undefined
      ? { keys: options.identityFiles ?? usualKeys(), onlyKeys: options.identitiesOnly }
      : { key: wish.key, onlyKeys: true }),
    ...(agent && agent !== 'none' ? { agent } : {}),
    ...(wish.password ? { password: wish.password } : {}),
    ...(options.hostKeyAlias === undefined ? {} : { hostKeyAs: options.hostKeyAlias }),
    ...(options.strictHostKeyChecking === undefined ? {} : { hostKeys: options.strictHostKeyChecking }),
    ...(options.connectTimeout === undefined ? {} : { connectTimeoutMs: options.connectTimeout * 1000 }),
  }
}

/** What ssh tries when nobody says anything (ssh_config(5), IdentityFile), as far as such keys can be used here. */
function usualKeys(): string[] {
  const files = ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => join(homedir(), '.ssh', name))
  return files.filter((file) => existsSync(file))
}

interface Found {
  wish: Wish
  options: SshOptions
  /** From the machine on, those who are on the way. */
  path: Target[]
}

/** The hops of the inventory, or else of ssh_config; each is looked up there itself. The first one's own jumps come before it. */
async function withWay(target: Target, { wish, options, path }: Found): Promise<Target> {
  const jump = wish.jump ?? options.proxyJump
  if (jump === undefined || jump.toLowerCase() === 'none') {
    const command = wish.jump === undefined ? options.proxyCommand : undefined
    return command === undefined ? target : { ...target, via: { command } }
  }
  let before: Target | undefined
  for (const text of jump.split(',')) {
    const hop: Wish = { ...hopOf(text, wish), ...throughout(wish) }
    const found = await lookUp(hop)
    // `Host *` with a ProxyJump is the bastion's own section as well: it does not jump through itself.
    if (isSame(found.target, target)) return target
    if (path.some((each) => isSame(each, found.target))) throw circle(wish, hop)
    const given = { wish: hop, options: found.options, path: [...path, found.target] }
    before = before ? { ...found.target, via: { jump: before } } : await withWay(found.target, given)
  }
  return before ? { ...target, via: { jump: before } } : target
}

function isSame(a: Target, b: Target): boolean {
  return a.host === b.host && a.port === b.port
}

function circle({ name }: Wish, hop: Wish): KcharmError {
  return new KcharmError('usage', `${name}: the jumps of ssh_config lead in a circle by way of ${hop.address}`)
}

/** What holds for the whole way. */
function throughout({ knownHosts, sshConfig }: Wish): Pick<Wish, 'knownHosts' | 'sshConfig'> {
  return { ...(knownHosts === undefined ? {} : { knownHosts }), ...(sshConfig === undefined ? {} : { sshConfig }) }
}

function hopOf(text: string, { name }: Wish): Wish {
  const [, user, bracketed, plain, port] = HOP.exec(text.trim()) ?? []
  const address = bracketed ?? plain
  if (address === undefined) {
    throw new KcharmError('usage', `${name}: the jump ${JSON.stringify(text)}: expected [USER@]HOST[:PORT]`)
  }
  return {
    name: `${address}, on the way to ${name}`,
    address,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  }
}

const HOP = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]@]+))(?::(\d{1,5}))?$/
