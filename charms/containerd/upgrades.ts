import type { Ascent, Hop, Stop, Upgrades } from '../../lib/lifecycle/upgrades.ts'
import type { Config } from './config.ts'
import { type Ctx, type Out } from './context.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { textReading } from '../../lib/host/file.ts'
import { KEPT } from '../../lib/host/shell.ts'
import { methodOf } from './install.ts'
import { CONFIG, versionIn } from './observe.ts'
import { canReturn, keptWords, metadata } from './upgrade-facts.ts'

const SANDBOXES = 'pod sandboxes of the old version are not served well by the new one (containerd#11629)'
const TWO = [
  'containerd 2 refuses images of schema 1, has neither CRI v1alpha2 nor aufs, and lets pods open low ports and ping',
  'its own unit sets no LimitNOFILE: the option limit_nofile sets one (moby#51485)',
]

/** containerd, RELEASES.md: minor by minor, or from one long-term release to the next. */
const HOPS: Hop[] = [
  { from: '1.6', to: '1.7', breaks: 'sandboxes of 1.6 leave stale rules for host ports (Netcracker/KubeMarine#724)' },
  { from: '1.7', to: '2.0', breaks: SANDBOXES, words: TWO },
  { from: '1.7', to: '2.3', breaks: SANDBOXES, words: TWO },
  { from: '2.0', to: '2.1' },
  { from: '2.1', to: '2.2' },
  { from: '2.2', to: '2.3' },
  { from: '2.3', to: '2.4' },
]

export const upgrades: Upgrades<Config> = {
  version: ({ source, version }, resources) =>
    versionIn(version ?? (source === 'archive' ? (resources['containerd']?.name ?? '') : '')),
  branch: branchOf,
  hops: HOPS,
  stops: true,
  via(branch, config, resources): Stop | undefined {
    if (config.source === 'archive') {
      const archive = resources['containerd-via']
      if (archive === undefined || branchOf(versionIn(archive.name) ?? '') !== branch) return undefined
      return { resources: { ...resources, containerd: archive } }
    }
    const version = config.via.find((each) => branchOf(each) === branch)
    return version === undefined ? undefined : { version }
  },
}

export function branchOf(version: string): string {
  return /^(\d+\.\d+)/.exec(versionIn(version) ?? '')?.[1] ?? version
}

/**
 * What going back will need and nobody else keeps: the old package, and the daemon's own data before a major step; and what the old
 * version makes of its configuration, for the proof of one of another branch.
 */
export function securing(context: Ctx): Out {
  const kept = [...oldPackage(context), ...oldData(context), ...oldSettings(context)]
  return kept.length === 0 ? {} : { objects: [{ kind: 'directory', path: KEPT, mode: '0700' }, ...kept] }
}

/** Debian's own repositories have the newest version only. */
function oldPackage({ config, resources, view }: Ctx): HostObject[] {
  const method = methodOf(config, resources, view)
  if (method.by !== 'package' || method.manager !== 'apt' || method.installed === undefined) return []
  const { name, installed: version } = method
  return view.read(canReturn(name, version, 'apt')) ? [] : [{ kind: 'repack', name, version }]
}

/** The old version may not read what a later one makes of it. */
function oldData(context: Ctx): HostObject[] {
  const { ascent, view } = context
  const found = ascent && isMajor(context) ? view.peek(metadata) : undefined
  if (ascent === undefined || typeof found !== 'string') return []
  return [{ kind: 'copy', from: found, to: `${KEPT}/containerd-${ascent.from}-meta.db` }]
}

function oldSettings({ ascent, view }: Ctx): HostObject[] {
  if (ascent === undefined || branchOf(ascent.from) === branchOf(ascent.to)) return []
  if (view.peek(textReading(CONFIG)) === '') return []
  const { dump, defaults } = keptWords(ascent)
  return [
    { kind: 'output', argv: ['containerd', '-c', CONFIG, 'config', 'dump'], to: dump },
    { kind: 'output', argv: ['containerd', 'config', 'default'], to: defaults },
  ]
}

/** From one major version to another. */
export function isMajor({ ascent }: { ascent?: Ascent | undefined }): boolean {
  return ascent !== undefined && ascent.from.split('.')[0] !== ascent.to.split('.')[0]
}
