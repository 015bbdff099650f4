import { createHmac, randomBytes } from 'node:crypto'
import { matchesList } from './config/patterns.ts'

/** One usable line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  file: string
  line: number
  marker?: 'revoked' | 'cert-authority'
  hosts: string
  type: string
  key: Buffer
}

/** `line` is the entry that decided. `authority`: only a certificate authority vouches for this host. */
export type Verdict = { is: 'known' | 'changed' | 'revoked' | 'authority'; entry: KnownHost } | { is: 'unknown' }

/** How known_hosts names a host: `host`, or `[host]:port` away from port 22. */
export function hostPattern(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** A host's name as known_hosts has it under HashKnownHosts. */
export function hashPattern(pattern: string, salt = randomBytes(20)): string {
  const digest = createHmac('sha1', salt).update(pattern).digest()
  return `|1|${salt.toString('base64')}|${digest.toString('base64')}`
}

/** The entries of a file, so that those of one host are found without a look at every other one. */
export interface KnownHosts {
  /** Of entries that name hosts in plain words. */
  named: Map<string, KnownHost[]>
  /** Those with wildcards, negations and hashes. */
  others: KnownHost[]
}

/** Reads the lines that hold a key; comments and lines that OpenSSH would skip are skipped. */
export function parseKnownHosts(text: string, file: string): KnownHosts {
  const found: KnownHosts = { named: new Map(), others: [] }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = parseLine(line.trim(), { file, line: index + 1 })
    if (entry) add(found, entry)
  }
  return found
}

/** The entries that speak about this host in the order of the file, revoked ones and authorities included. */
export function entriesFor({ named, others }: KnownHosts, pattern: string): KnownHost[] {
  const found = [
    ...(named.get(pattern.toLowerCase()) ?? []),
    ...others.filter((entry) => matches(entry.hosts, pattern)),
  ]
  return found.toSorted((a, b) => a.line - b.line)
}

function add({ named, others }: KnownHosts, entry: KnownHost): void {
  if (/[*?!|]/.test(entry.hosts)) others.push(entry)
  else {
    for (const name of new Set(entry.hosts.toLowerCase().split(','))) {
      const same = named.get(name)
      if (same) same.push(entry)
      else named.set(name, [entry])
    }
  }
}

/** Judges a shown key by the entries of its host: revoked, then known, then changed, then unknown. */
export function judge(entries: KnownHost[], key: Buffer): Verdict {
  const same = entries.filter((entry) => entry.key.equals(key))
  const revoked = same.find((entry) => entry.marker === 'revoked')
  if (revoked) return { is: 'revoked', entry: revoked }
  const known = same.find((entry) => entry.marker === undefined)
  if (known) return { is: 'known', entry: known }
  const other = entries.find((entry) => entry.marker === undefined)
  if (other) return { is: 'changed', entry: other }
  const authority = entries.find((entry) => entry.marker === 'cert-authority')
  return authority ? { is: 'authority', entry: authority } : { is: 'unknown' }
}

/** The type named inside a key blob, such as `ssh-ed25519`. */
export function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0))
}

function parseLine(line: string, place: Pick<KnownHost, 'file' | 'line'>): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) return undefined
  const words = line.split(/[ \t]+/)
  const marker = words[0]?.startsWith('@') ? words.shift() : undefined
  const [hosts, type, base64] = words
  if (!hosts || !type || !base64) return undefined
  const entry = { ...place, hosts, type, key: Buffer.from(base64, 'base64') }
  if (marker === undefined) return entry
  if (marker === '@revoked') return { ...entry, marker: 'revoked' }
  return marker === '@cert-authority' ? { ...entry, marker: 'cert-authority' } : undefined
}

function matches(hosts: string, pattern: string): boolean {
  return hosts.startsWith('|1|') ? hashed(hosts, pattern) : matchesList(hosts, pattern, { host: true })
}

function hashed(hosts: string, pattern: string): boolean {
  const [, , salt = ''] = hosts.split('|')
  return hashPattern(pattern, Buffer.from(salt, 'base64')) === hosts
}
