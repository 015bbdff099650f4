import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { TestLab } from './labs.ts'

/** Path to what is there: type, mode, owner, and a file's size and SHA-256 or a link's target. */
export type Fingerprint = Map<string, string>

export interface What {
  /** Paths (of a folder: with all below it) that are not looked at. */
  except: readonly RegExp[]
  /** Files' times of change as well; default: false. */
  times?: boolean
}

/** What the system writes for itself while a node runs and people log in; each with who writes it. */
export const SYSTEM_FILES: readonly RegExp[] = [
  /^\/(proc|sys|dev)$/, // the kernel
  /^\/lab$/, // the lab's own, read-only
  /^\/var\/log\/(journal|wtmp|btmp|lastlog|wtmp\.db)/, // journald, login
  /^\/var\/lib\/wtmpdb$/, // login
  /^\/var\/lib\/lastlog$/, // login
  /^\/run\/(utmp|user|motd\.dynamic|log\/journal)/, // login, journald
  /^\/run\/systemd\/(sessions|users|inaccessible|transient|units|journal|resolve|propagate|seats|netif|io\.)/, // systemd
  /^\/run\/systemd\/(generator.*|shutdown|dynamic-uid|show-status|notify|private|inhibit|machines|nspawn|ask-password.*)/, // systemd
  /^\/run\/dbus/, // dbus
  /^\/run\/sudo/, // sudo
  /^\/var\/lib\/sudo/, // sudo
  /^\/var\/lib\/systemd\/(timers|random-seed|catalog|deb-systemd-helper|linger)/, // systemd
  /^\/var\/lib\/private/, // systemd
  /^\/var\/tmp\/systemd-private-|^\/tmp\/systemd-private-/, // systemd
]

/** Besides, what the package manager writes for itself when packages come and go. */
export const PACKAGE_FILES: readonly RegExp[] = [
  /^\/var\/lib\/(dpkg|apt|pam|ucf)/,
  /^\/var\/cache/,
  /^\/var\/log/,
  /^\/etc\/ld\.so\.cache$/,
]

/** What containerd makes for itself. */
export const DAEMON_FILES: readonly RegExp[] = [
  /^\/(var\/lib|run)\/containerd$/, // its store and its sockets
  /^\/etc\/cni(\/net\.d)?$/, // where its CRI looks for networks
  /^\/opt\/containerd$/, // where its plugin `opt` installs programs
  /^\/run\/nri$/, // the socket of its plugin `nri`
]

/** Reads a node's whole file system from outside: in the node nothing runs, logs in or is written for it. */
export async function fingerprint(lab: TestLab, node: string, what: What): Promise<Fingerprint> {
  const root = await lab.root(node)
  const found: Fingerprint = new Map()
  walk(root, '/', { ...what, found })
  return found
}

/** `+ path`, `- path` and `~ path: before -> after`, sorted by path. */
export function differences(before: Fingerprint, after: Fingerprint): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)]
    if (was === is) return []
    if (was === undefined) return [`+ ${path}`]
    return is === undefined ? [`- ${path}`] : [`~ ${path}: ${was} -> ${is}`]
  })
}

/** Lines that only one of two lists has, as `- line` and `+ line`. */
export function otherLines(before: readonly string[], after: readonly string[]): string[] {
  const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`)
  return [...gone, ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`)]
}

/** Packages with their states, marks, and what systemd knows of every unit: one line each. */
export async function systemState(lab: TestLab, node: string): Promise<string[]> {
  const text = await lab.sh(node, STATE)
  return text.split('\n').filter((line) => !TRANSIENT.test(line))
}

const STATE = [
  `dpkg-query -W -f='package \${Package} \${Version} \${Status}\\n'`,
  `apt-mark showmanual | sed 's/^/manual /'`,
  `apt-mark showhold | sed 's/^/hold /'`,
  `systemctl list-unit-files --no-legend --no-pager --type=service,socket,timer,mount | awk '{ print "enabled", $1, $2 }'`,
  `systemctl list-units --all --plain --no-legend --no-pager --type=service,socket,timer,mount | awk '{ print "unit", $1, $2, $3, $4 }'`,
].join('; ')

/** Of the logins themselves, and what systemd runs now and then. */
const TRANSIENT =
  /^unit (user@|user-runtime-dir@|ssh@|sshd@|session-|run-user-|systemd-tmpfiles-clean|apt-daily|dpkg-db-backup|e2scrub|fstrim|logrotate|man-db)/

interface Walk extends What {
  found: Fingerprint
}

function walk(root: string, path: string, on: Walk): void {
  if (on.except.some((each) => each.test(path))) return
  const is = unlessGone(() => lstatSync(join(root, path)))
  const said = is && unlessGone(() => describe(join(root, path), is, on))
  if (is === undefined || said === undefined) return
  on.found.set(path, said)
  if (!is.isDirectory()) return
  for (const name of unlessGone(() => readdirSync(join(root, path))) ?? []) walk(root, join(path, name), on)
}

/** A running system's files come and go under our hands. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function describe(path: string, is: Stats, { times }: What): string {
  const owner = `${(is.mode & 0o7777).toString(8)} ${is.uid}:${is.gid}`
  if (is.isDirectory()) return `directory ${owner}`
  if (is.isSymbolicLink()) return `link ${is.uid}:${is.gid} ${readlinkSync(path)}`
  if (is.isFile()) return `file ${owner} ${is.size} ${sha256(path, is)}${times ? ` ${is.mtimeMs}` : ''}`
  return `${is.isSocket() ? 'socket' : is.isFIFO() ? 'pipe' : 'device'} ${owner}`
}

/** A file that has the same inode, size and time of change has the same bytes; the system's programs are read once only. */
const known = new Map<string, string>()

function sha256(path: string, is: Stats): string {
  const key = [path, is.dev, is.ino, is.size, is.ctimeMs].join(' ')
  const digest = known.get(key) ?? createHash('sha256').update(readFileSync(path)).digest('hex')
  known.set(key, digest)
  return digest
}
