import { treeReading } from '../../lib/host/archive.ts'
import type { Hop, Upgrades } from '../../lib/lifecycle/upgrades.ts'
import type { Config } from './config.ts'
import { blocked, type Ctx, type Out } from './context.ts'
import { leavesPlace } from './in-use.ts'
import { unfit } from './judge.ts'
import { sandboxes } from './observe.ts'
import { releaseOf } from './release.ts'
import { installed } from './source.ts'
import { stagedChecks } from './staged.ts'

/** What is different for those who run it. Versions of one runtime stand beside each other, so every way is open. */
const HOPS: Hop[] = [
  {
    from: '2',
    to: '3',
    words: [
      'Kata 2 knows cgroup v1 only in part; from 3.21.0 on machines with cgroup v2 are served well (kubespray#13389)',
      'the Rust runtime comes beside the Go one; a shim keeps its runtime',
    ],
  },
  {
    from: '3',
    to: '4',
    words: [
      'archives are .tar.zst: the machine needs zstd, else they are repacked on the way',
      'the Rust runtime is upstream’s default; from 4.1.0 on each archive holds one runtime: kata-static the Rust one, kata-go-static the Go one',
      'the Rust runtime reads no KATA_CONF_FILE: configurations are named by ConfigPath in the handler',
    ],
  },
]

/** A step down is the same step: what it changes is said as well. */
const BOTH_WAYS = HOPS.flatMap((hop) => [hop, { from: hop.to, to: hop.from, words: hop.words ?? [] }])

export const upgrades: Upgrades<Config> = {
  version(config, resources) {
    if (config.source === 'present') return undefined
    if (config.source === 'package') return /^\d+\.\d+\.\d+/.exec(config.version ?? '')?.[0]
    const blob = resources['kata']
    return blob && releaseOf(config, blob)?.layout.version
  },
  branch: (version) => version.split('.')[0] ?? version,
  hops: BOTH_WAYS,
  stops: false,
}

/** May the new version come, and what will that mean for what runs? */
export function preUpgrade(context: Ctx): Out {
  const { ascent } = context
  if (ascent === undefined) return {}
  if (ascent.path === undefined) {
    return blocked(`there is no way from Kata ${ascent.from} to ${ascent.to}`, 'take Kata 2.0.0 or later')
  }
  const release = installed(context)
  return unfit(context, release) ?? leavesPlace(context, release) ?? { notes: notesFor(context) }
}

/** The new version beside the old one, looked at from all sides before anything points to it. */
export function staging(context: Ctx): Out {
  const { install } = installed(context)
  const trees = (install?.objects ?? []).filter(({ kind }) => kind === 'archive')
  return { objects: trees, checks: stagedChecks(context) }
}

function notesFor(context: Ctx): string[] {
  const { from, to, path = [] } = context.ascent ?? { from: '', to: '' }
  const old = `${context.config.prefix}-${from}`
  const kept = context.holds(treeReading(old).key)
  const live = context.view.peek(sandboxes)
  const running = Array.isArray(live) ? live.length : 0
  return [
    `Kata ${from} to ${to}`,
    ...path.flatMap(({ words = [] }) => words),
    ...(kept ? [`${old} stays, for going back and for what runs from it, until kcharm prune-versions`] : []),
    running === 0
      ? 'no sandbox runs now'
      : `${running === 1 ? 'one sandbox runs' : `${running} sandboxes run`} on, each on the version that it was started with`,
  ]
}
