import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { KcharmError } from '../errors/index.ts'
import {
  entriesFor,
  hostPattern,
  judge,
  keyType,
  parseKnownHosts,
  type KnownHost,
  type Verdict,
} from './known-hosts.ts'
import { address, type Target } from './target.ts'

export interface HostKeyCheck {
  /** In the order to ask for: the types that are known for this host first, as OpenSSH does. */
  algorithms: ServerHostKeyAlgorithm[]
  /** Given the shown key; a new host's key is written down and said in one line. */
  verify(key: Buffer): boolean
  /** Why the last key was refused. */
  refusal: KcharmError | undefined
}

/** The policy "accept-new": an unknown host is believed once, a changed or revoked key never. */
export function hostKeyCheck(target: Target, say: (line: string) => void): HostKeyCheck {
  const text = readIfThere(target)
  const pattern = hostPattern(target.host, target.port)
  const entries = entriesFor(parseKnownHosts(text), pattern)
  const check: HostKeyCheck = {
    algorithms: inOrder(entries),
    refusal: undefined,
    verify(key) {
      const verdict = judge(entries, key)
      if (verdict.is === 'unknown') check.refusal = accept(target, { text, pattern, key })
      else if (verdict.is !== 'known') check.refusal = refusal(target, verdict, key)
      if (check.refusal) return false
      if (verdict.is === 'unknown') {
        const shown = `${keyType(key)} ${fingerprint(key)}`
        say(`${target.name}: new host key ${shown} of ${address(target)} written to ${target.knownHosts}`)
      }
      return true
    },
  }
  return check
}

interface NewKey {
  /** The file as it was. */
  text: string
  pattern: string
  key: Buffer
}

function accept({ name, knownHosts }: Target, { text, pattern, key }: NewKey): KcharmError | undefined {
  const newline = text === '' || text.endsWith('\n') ? '' : '\n'
  try {
    mkdirSync(dirname(knownHosts), { recursive: true, mode: 0o700 })
    appendFileSync(knownHosts, `${newline}${pattern} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 })
    return undefined
  } catch (cause) {
    const message = `${name}: its new host key cannot be written to ${knownHosts}`
    return new KcharmError('host-key', message, { machine: name, cause })
  }
}

function refusal(target: Target, verdict: Exclude<Verdict, { is: 'known' | 'unknown' }>, key: Buffer): KcharmError {
  const place = `${target.knownHosts}:${verdict.entry.line}`
  const shown = `${keyType(key)} ${fingerprint(key)}`
  const where = `${target.name} (${address(target)})`
  const detail = { machine: target.name }
  if (verdict.is === 'revoked') {
    const hint = `do not log in there; if the machine has a new key, remove that line and the mark in ${place}`
    return new KcharmError('host-key', `${where} showed the host key ${shown}, which ${place} marks as revoked`, {
      ...detail,
      hint,
    })
  }
  if (verdict.is === 'authority') {
    const hint = `certificates of hosts cannot be checked; add the host's own key with ssh-keyscan to ${target.knownHosts}`
    return new KcharmError('host-key', `${where} is vouched for only by the certificate authority in ${place}`, {
      ...detail,
      hint,
    })
  }
  const known = `${verdict.entry.type} ${fingerprint(verdict.entry.key)}`
  const pattern = hostPattern(target.host, target.port)
  const hint = `if the machine was set up anew, forget the old key: ssh-keygen -R '${pattern}' -f ${target.knownHosts}`
  return new KcharmError('host-key', `${where} showed the host key ${shown}; ${place} knows ${known}`, {
    ...detail,
    hint,
  })
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

function readIfThere({ name, knownHosts }: Target): string {
  try {
    return readFileSync(knownHosts, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return ''
    const message = `${name}: the known_hosts file cannot be read: ${knownHosts}`
    throw new KcharmError('host-key', message, { machine: name, cause })
  }
}
