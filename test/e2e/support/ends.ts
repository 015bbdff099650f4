import type { Operator } from './cli.ts'
import type { TestLab } from './labs.ts'
import { type Standing, standingOf } from './standing.ts'

/** What has to be the same when a deploy that was broken off has been gone on with: files, packages, units, the daemon's whole mind. */
export interface End {
  standing: Standing
  units: unknown[]
  dump: string
}

/** Tells of operations rather than of the machine: the manifest's lines, and the stamp with an invocation of systemd. */
const DIARY = [/^\/var\/lib\/kcharm\/manifest$/, /^\/run\/kcharm\/services\/containerd$/]

export async function endOn(
  lab: TestLab,
  operator: Operator,
  { node, apps }: { node: string; apps: readonly string[] },
): Promise<End> {
  return {
    units: await Promise.all(apps.map((app) => operator.json(0, 'show-unit', `${app}/0`))),
    standing: await standingOf(lab, node, DIARY),
    dump: await lab.sh(node, 'containerd config dump'),
  }
}

/** A step that was under way goes on to its end; with it goes the session, and the session's lock. */
export async function sessionEnded(lab: TestLab, node: string): Promise<void> {
  await lab.sh(node, 'for i in $(seq 600); do [ -e /run/kcharm/lock ] || exit 0; sleep 0.1; done; exit 1')
}
