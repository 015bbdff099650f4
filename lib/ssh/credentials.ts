import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import { loginName, type Target } from './target.ts'

export interface Credentials {
  /** For ssh2; the methods in the order to try. Without `none` before them a round trip is saved. */
  login: { authHandler: ('publickey' | 'agent')[]; privateKey?: string; agent?: string }
  /** What `login` holds, for messages. */
  tried: string
}

/** Reads the key file; a key that cannot be used is refused here, before any connection. */
export async function credentials(target: Target): Promise<Credentials> {
  const login: Credentials['login'] = { authHandler: [] }
  const tried: string[] = []
  if (target.key !== undefined) {
    login.privateKey = await readKey(target, target.key)
    login.authHandler.push('publickey')
    tried.push(`key ${target.key}`)
  }
  if (target.agent !== undefined) {
    login.agent = target.agent
    login.authHandler.push('agent')
    tried.push(`agent ${target.agent}`)
  }
  if (tried.length === 0) {
    throw new KcharmError('auth', `${target.name}: there is nothing to log in with as ${loginName(target)}`, {
      machine: target.name,
      hint: 'name a private key file in the inventory, or start an ssh agent that holds the key',
    })
  }
  return { login, tried: tried.join(', ') }
}

async function readKey(target: Target, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new KcharmError('auth', `${target.name}: the key file ${file} cannot be read`, {
      machine: target.name,
      cause,
    })
  })
  const key = ssh2.utils.parseKey(text)
  if (!(key instanceof Error)) {
    if (key.isPrivateKey()) return text
    throw new KcharmError('auth', `${target.name}: ${file} holds a public key, a private one is needed`, {
      machine: target.name,
    })
  }
  if (/encrypted/i.test(key.message)) {
    throw new KcharmError('auth', `${target.name}: the key file ${file} is protected by a passphrase`, {
      machine: target.name,
      hint: `load it into an ssh agent (ssh-add ${file}); passphrases are not asked for`,
    })
  }
  throw new KcharmError('auth', `${target.name}: ${file} is not a private key: ${key.message}`, {
    machine: target.name,
  })
}
