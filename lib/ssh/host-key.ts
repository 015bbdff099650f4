import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import type { Ask } from './ask.ts'
import {
  entriesFor,
  hashPattern,
  hostPattern,
  judge,
  keyType,
  parseKnownHosts,
  type KnownHost,
  type KnownHosts,
  type Verdict,
} from './known-hosts.ts'
import { address, type Target } from './target.ts'

export interface HostKeyCheck {
  /** In the order to ask for: the types that are known for this host first, as OpenSSH does. */
  algorithms: ServerHostKeyAlgorithm[]
  /** Given the shown key; a new host's key is written down and said in one line. */
  verify(key: Buffer): Promise<boolean>
  /** Why the last key was refused. */
  refusal: KcharmError | undefined
}

/** Who hears of a new key, and who may be asked about it. */
interface Person {
  say(line: string): void
  ask?: Ask | undefined
}

/**
 * The policy is that of ssh_config(5), StrictHostKeyChecking; unless it says otherwise an unknown host is believed once. A
 * changed or revoked key never is.
 */
export function hostKeyCheck(target: Target, person: Person): HostKeyCheck {
  const pattern = target.hostKeyAs ?? hostPattern(target.host, target.port)
  const files = [target.knownHosts, ...(target.moreKnownHosts ?? [])]
  const entries = files.flatMap((file) => entriesFor(knownIn(target, file), pattern))
  const check: HostKeyCheck = {
    algorithms: inOrder(entries),
    refusal: undefined,
    async verify(key) {
      const verdict = judge(entries, key)
      if (verdict.is === 'known') return true
      const known = { target, pattern, key }
      check.refusal = verdict.is === 'unknown' ? await welcome(known, person) : refusal(target, verdict, key)
      return check.refusal === undefined
    },
  }
  return check
}

interface NewKey {
  target: Target
  pattern: string
  key: Buffer
}

/** Believes a new key, if it may; or says why not. */
async function welcome(known: NewKey, { say, ask }: Person): Promise<KcharmError | undefined> {
  const { target, key } = known
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const policy = target.hostKeys ?? 'accept-new'
  if (policy === 'yes' || (policy === 'ask' && !ask)) return stranger(target, shown, policy)
  if (policy === 'ask' && ask) {
    const question = `${target.name} (${address(target)}) shows the new host key ${shown}. Believe it? [y/N] `
    const answer = await ask(question, { hidden: false }).catch(() => '')
    if (!/^y(es)?$/i.test(answer.trim())) return stranger(target, shown, policy)
  }
  const failure = write(known)
  if (!failure) say(`${target.name}: new host key ${shown} of ${address(target)} written to ${target.knownHosts}`)
  return failure
}

function stranger(target: Target, shown: string, policy: string): KcharmError {
  const where = `${target.name} (${address(target)})`
  return new KcharmError('host-key', `${where} showed the host key ${shown}, which no known_hosts file has`, {
    machine: target.name,
    hint: `ssh_config says StrictHostKeyChecking ${policy}: compare the key, then add it with ssh-keyscan to ${target.knownHosts}`,
  })
}

function write({ target, pattern, key }: NewKey): KcharmError | undefined {
  const { name, knownHosts } = target
  try {
    const text = readIfThere(target, knownHosts)
    const newline = text === '' || text.endsWith('\n') ? '' : '\n'
    const host = target.hashKnownHosts ? hashPattern(pattern) : pattern
    mkdirSync(dirname(knownHosts), { recursive: true, mode: 0o700 })
    appendFileSync(knownHosts, `${newline}${host} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 })
    return undefined
  } catch (cause) {
    if (cause instanceof KcharmError) return cause
    const message = `${name}: its new host key cannot be written to ${knownHosts}`
    return new KcharmError('host-key', message, { machine: name, cause })
  }
}

function refusal(target: Target, verdict: Exclude<Verdict, { is: 'known' | 'unknown' }>, key: Buffer): KcharmError {
  const { entry } = verdict
  const place = `${entry.file}:${entry.line}`
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const refuse = (what: string, hint: string): KcharmError =>
    new KcharmError('host-key', `${target.name} (${address(target)}) ${what}`, { machine: target.name, hint })
  if (verdict.is === 'revoked') {
    const hint = `do not log in there; if the machine has a new key, remove that line and the mark in ${place}`
    return refuse(`showed the host key ${shown}, which ${place} marks as revoked`, hint)
  }
  if (verdict.is === 'authority') {
    const hint = `certificates of hosts cannot be checked; add the host's own key with ssh-keyscan to ${target.knownHosts}`
    return refuse(`is vouched for only by the certificate authority in ${place}`, hint)
  }
  const pattern = target.hostKeyAs ?? hostPattern(target.host, target.port)
  const hint = `if the machine was set up anew, forget the old key: ssh-keygen -R '${pattern}' -f ${entry.file}`
  return refuse(`showed the host key ${shown}; ${place} knows ${entry.type} ${fingerprint(entry.key)}`, hint)
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

const ALGORITHMS: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

function inOrder(entries: KnownHost[]): ServerHostKeyAlgorithm[] {
  const types = new Set(entries.filter((entry) => entry.marker === undefined).map((entry) => entry.type))
  const known = ALGORITHMS.filter((name) => types.has(name.startsWith('rsa-') ? 'ssh-rsa' : name))
  return [...known, ...ALGORITHMS.filter((name) => !known.includes(name))]
}

/** A file is parsed once for all machines, and again only when it has changed. */
function knownIn(target: Target, file: string): KnownHosts {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  const state = stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`
  const before = parsed.get(file)
  if (before?.state === state) return before.hosts
  const hosts = parseKnownHosts(readIfThere(target, file), file)
  parsed.set(file, { state, hosts })
  return hosts
}

const parsed = new Map<string, { state: string; hosts: KnownHosts }>()

function readIfThere({ name }: Target, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return ''
    const message = `${name}: the known_hosts file cannot be read: ${file}`
    throw new KcharmError('host-key', message, { machine: name, cause })
  }
}
