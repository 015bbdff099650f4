import { configOf, type Daemon, daemonOf } from './containerd.ts'
import {
  DAEMON_FILES,
  differences,
  type Fingerprint,
  fingerprint,
  otherLines,
  PACKAGE_FILES,
  SYSTEM_FILES,
  systemState,
} from './fingerprint.ts'
import type { TestLab } from './labs.ts'

/** All of a node that has to be the same again. */
export interface Standing {
  files: Fingerprint
  /** Packages, marks and units. */
  system: string[]
}

/** kcharm's own record and stamps: they tell of every operation. */
export const RECORDS: readonly RegExp[] = [/^\/(var\/lib|run)\/kcharm$/]

/** `except`: besides what the system, the package manager and the daemon write for themselves. */
export async function standingOf(lab: TestLab, node: string, except: readonly RegExp[] = []): Promise<Standing> {
  const files = await fingerprint(lab, node, {
    except: [...SYSTEM_FILES, ...PACKAGE_FILES, ...DAEMON_FILES, ...except],
  })
  return { files, system: await systemState(lab, node) }
}

/** Nothing when both are the same. */
export function changes(before: Standing, after: Standing): string[] {
  return [...differences(before.files, after.files), ...otherLines(before.system, after.system)]
}

/** What `work` did to a node's files and its containerd. */
export interface Doing<T> {
  result: T
  /** Paths that are new, gone or different, without what kcharm records: `~ /etc/containerd/config.toml`. */
  paths: string[]
  restarts: number
  before: Seen
  after: Seen
}

export interface Seen {
  config: string | undefined
  daemon: Daemon
}

/** Does something and looks at each of these nodes before and after. */
export async function watched<T>(
  lab: TestLab,
  nodes: readonly string[],
  work: () => Promise<T>,
): Promise<Record<string, Doing<T>>> {
  const before = await Promise.all(nodes.map((node) => see(lab, node)))
  const result = await work()
  const after = await Promise.all(nodes.map((node) => see(lab, node)))
  const pairs = nodes.flatMap((node, i) => {
    const [was, is] = [before[i], after[i]]
    return was && is ? [[node, doing(result, was, is)] as const] : []
  })
  return Object.fromEntries(pairs)
}

type Look = Seen & { standing: Standing }

async function see(lab: TestLab, node: string): Promise<Look> {
  const [standing, daemon] = [await standingOf(lab, node, RECORDS), await daemonOf(lab, node)]
  return { standing, daemon, config: await configOf(lab, node) }
}

function doing<T>(result: T, before: Look, after: Look): Doing<T> {
  const paths = changes(before.standing, after.standing).map((line) => line.replace(/: (file|directory|link) .*/, ''))
  return { result, paths, restarts: after.daemon.starts - before.daemon.starts, before, after }
}
