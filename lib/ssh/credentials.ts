import ssh2, { type ParsedKey } from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import type { Ask } from './ask.ts'
import { loginOrder, type Identity, type LoginOrder } from './login-order.ts'
import { readKeyFile, type KeyFile } from './key-file.ts'
import { loginName, type Target } from './target.ts'

export interface Credentials extends LoginOrder {
  /** What was there to log in with, for messages. */
  tried: string
}

/**
 * Finds what there is to log in with: keys of the agent and of files, then what the server may ask for. A key that was asked
 * for by name and cannot be used is refused here, before any connection. Throws `auth`.
 */
export async function credentials(target: Target, ask?: Ask): Promise<Credentials> {
  const { keys, sources } = await identities(target, ask)
  const tried = [...sources, ...(target.password ? ['password'] : [])]
  if (tried.length === 0 && !ask) {
    throw new KcharmError('auth', `${target.name}: there is nothing to log in with as ${loginName(target)}`, {
      machine: target.name,
      hint: 'name a private key file in the inventory, or start an ssh agent that holds the key',
    })
  }
  return Object.assign(loginOrder(target, keys, ask), { tried: tried.join(', ') || 'no key' })
}

async function identities(target: Target, ask?: Ask): Promise<{ keys: Identity[]; sources: string[] }> {
  const named = target.key === undefined ? [] : [await readKeyFile(target.key, { ...target, ask })]
  const further = await Promise.all((target.keys ?? []).map((file) => usable(file, { ...target, ask })))
  const files = [...named, ...further.filter((file) => file !== undefined)]
  // Files that open by themselves need no agent, if no other of its keys is to be offered: that saves a question to it.
  const needsAgent = target.agent !== undefined && !(target.onlyKeys && files.every(({ locked }) => !locked))
  const agent = needsAgent ? await agentKeys(target) : { held: [] }
  if (agent.failure && files.every(({ isPublic }) => isPublic) && !target.password && !ask) throw agent.failure
  const heldFor = (file: KeyFile): Identity[] => agent.held.filter((key) => same(key.public, file.public))
  const heldAsFiles = files.flatMap(heldFor)
  const own = files.filter((file) => heldFor(file).length === 0)
  const [first, later] = [
    own.filter((file) => named.includes(file)),
    own.filter((file) => !named.includes(file) && !file.isPublic),
  ]
  // What was asked for by name is opened before there is a connection that could wait for it.
  for (const file of first) if (file.locked) await file.open()
  const others = target.onlyKeys ? [] : agent.held.filter((key) => !heldAsFiles.includes(key))
  return {
    keys: [...first.map(identityOf), ...heldAsFiles, ...others, ...later.map(identityOf)],
    sources: [
      ...files.map(({ file }) => `key ${file}`),
      ...(needsAgent && !agent.failure && target.agent !== undefined ? [`agent ${target.agent}`] : []),
    ],
  }
}

/** Nobody asked for this very file: one that is missing or of no use is passed over. */
async function usable(file: string, given: { name: string; ask?: Ask | undefined }): Promise<KeyFile | undefined> {
  return await readKeyFile(file, given).catch(() => undefined)
}

function identityOf(file: KeyFile): Identity {
  return { public: file.public, sign: async (data, hash) => (await file.open()).sign(data, hash) }
}

function same(a: ParsedKey, b: ParsedKey): boolean {
  return a.getPublicSSH().equals(b.getPublicSSH())
}

async function agentKeys({ name, agent = '' }: Target): Promise<{ held: Identity[]; failure?: KcharmError }> {
  const client = new ssh2.OpenSSHAgent(agent)
  try {
    const keys = await new Promise<ParsedKey[]>((resolve, reject) =>
      client.getIdentities((error, found) => (error ? reject(error) : resolve((found ?? []) as ParsedKey[]))),
    )
    const held = keys.map((key): Identity => {
      const sign = (data: Buffer, hash: string | undefined): Promise<Buffer> =>
        new Promise((resolve, reject) =>
          client.sign(key, data, hash === undefined ? {} : { hash: hash as 'sha256' }, (error, signature) =>
            signature ? resolve(signature) : reject(error ?? new Error('the agent gave no signature')),
          ),
        )
      return { public: key, sign }
    })
    return { held }
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    const message = `${name}: the ssh agent failed: ${words} (tried agent ${agent})`
    return { held: [], failure: new KcharmError('auth', message, { machine: name, cause }) }
  }
}
