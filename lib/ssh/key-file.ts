import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import type { Ask } from './ask.ts'

/** A key; `open` gives the private one, and asks for its passphrase where it has one. */
export interface KeyFile {
  file: string
  public: ParsedKey
  locked: boolean
  /** There is no private key here: it has to be in an agent, as for `ssh -i id.pub`. */
  isPublic?: true
  /** Errors: `auth`. */
  open(): Promise<ParsedKey>
}

interface Given {
  /** The machine's name, for messages. */
  name: string
  ask?: Ask | undefined
}

/** Reads a key file, or the public key beside a missing one. Throws `auth`: not readable, no key, of a kind that cannot be used here. */
export async function readKeyFile(file: string, { name, ask }: Given): Promise<KeyFile> {
  const refuse = (what: string, hint?: string, cause?: unknown): KcharmError =>
    new KcharmError('auth', `${name}: ${what}`, { machine: name, ...(hint ? { hint } : {}), cause })
  const publicOnly = (key: ParsedKey): KeyFile => {
    const hint = `load the private key into the agent (ssh-add), or name its file`
    const open = () =>
      Promise.reject(refuse(`${file} holds a public key, and no ssh agent holds its private key`, hint))
    return { file, public: key, locked: true, isPublic: true, open }
  }
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const beside = await publicBeside(file)
    if (beside) return publicOnly(beside)
    throw refuse(`the key file ${file} cannot be read`, undefined, cause)
  }
  const key = parse(text)
  if (!(key instanceof Error)) {
    return key.isPrivateKey() ? { file, public: key, locked: false, open: () => Promise.resolve(key) } : publicOnly(key)
  }
  if (!/encrypted/i.test(key.message)) {
    if (isSecurityKey(text)) {
      throw refuse(`${file} is the key of a security token (sk-…), and such logins cannot be made here`, PLAIN_KEY)
    }
    throw refuse(`${file} is not a private key: ${key.message}`)
  }
  const shown = await publicPart(file, text)
  const open = async (): Promise<ParsedKey> => {
    if (ask) return await unlockOnce(file, { text, ask, refuse })
    throw refuse(
      `the key file ${file} is protected by a passphrase`,
      `load it into an ssh agent (ssh-add ${file}); there is no terminal to ask for it`,
    )
  }
  return { file, public: shown ?? (await open()), locked: true, open }
}

const PLAIN_KEY = 'let the machine accept a key without a token as well, and name it as key in the inventory'

interface Unlocking {
  text: string
  ask: Ask
  refuse(this: void, what: string): KcharmError
}

/** One question for each file, however many machines it opens. */
function unlockOnce(file: string, unlocking: Unlocking): Promise<ParsedKey> {
  const opened = unlocked.get(file) ?? unlock(file, unlocking)
  unlocked.set(file, opened)
  return opened
}

const unlocked = new Map<string, Promise<ParsedKey>>()

async function unlock(file: string, { text, ask, refuse }: Unlocking): Promise<ParsedKey> {
  for (let tries = 0; tries < 3; tries++) {
    const key = parse(text, await ask(`Passphrase for the key ${file}: `, { hidden: true }))
    if (!(key instanceof Error)) return key
  }
  throw refuse(`the key file ${file} was not opened by any of three passphrases`)
}

/** What can be known of a locked key without its passphrase. */
async function publicPart(file: string, text: string): Promise<ParsedKey | undefined> {
  const key = (await publicBeside(file)) ?? parseBlob(openSshBlob(text))
  return key instanceof Error ? undefined : key
}

async function publicBeside(file: string): Promise<ParsedKey | undefined> {
  const text = await readFile(`${file}.pub`, 'utf8').catch(() => undefined)
  const key = text === undefined ? undefined : parse(text)
  return key instanceof Error ? undefined : key
}

/** The public key in a file of OpenSSH's own form, which is not encrypted (PROTOCOL.key). */
function openSshBlob(text: string): Buffer | undefined {
  const base64 = /BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text)?.[1]
  if (base64 === undefined) return undefined
  const bytes = Buffer.from(base64, 'base64')
  let at = 'openssh-key-v1\0'.length
  const field = (): Buffer => {
    const start = at + 4
    at = start + bytes.readUInt32BE(at)
    return bytes.subarray(start, at)
  }
  try {
    field() // cipher
    field() // key derivation
    field() // its options
    at += 4
    return field()
  } catch {
    return undefined
  }
}

function isSecurityKey(text: string): boolean {
  return openSshBlob(text)?.toString('latin1', 4, 7) === 'sk-'
}

function parseBlob(blob: Buffer | undefined): ParsedKey | Error {
  return blob === undefined ? new Error('no public part') : parse(blob)
}

function parse(data: string | Buffer, passphrase?: string): ParsedKey | Error {
  const key = ssh2.utils.parseKey(data, passphrase)
  return Array.isArray(key) ? (key[0] as ParsedKey) : key
}
