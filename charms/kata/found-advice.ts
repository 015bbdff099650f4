import { type Found, usable } from './found.ts'
import type { Fault } from './probes.ts'
import { HAND_OVER } from './source.ts'

/** Other Katas on the machine, and ways in containerd's configuration that lead to one: named and left alone. */
export function foundAdvice(found: Found, ours: string | undefined): Fault[] {
  const marks = found.marks.map(({ what, path }): Fault => {
    const { what: words, hint } = HAND_OVER[what]
    return { probe: path, found: words, needed: 'one owner for Kata on a machine', mend: hint, warns: true }
  })
  const katas = usable(found).flatMap(({ root, shims }): Fault[] => {
    if (root === ours) return []
    const words = `Kata ${shims[0]?.version ?? ''}, which kcharm did not put there`
    const mend = 'set source: present to use it, or remove it with what brought it'
    return [
      { probe: root, found: words, needed: 'nothing: handlers here name their shim by its path', mend, warns: true },
    ]
  })
  const entries = found.entries.map((entry): Fault => {
    const [line, ...text] = entry.split(':')
    const old = text.join(':').trim()
    return {
      probe: `/etc/containerd/config.toml:${line}`,
      found: old,
      needed: OLD.find(([word]) => old.includes(word))?.[1] ?? 'a handler that a RuntimeClass names',
      mend: 'let pods name a handler of this charm, then take the entry out',
      warns: true,
    }
  })
  return [...marks, ...katas, ...entries]
}

/** containerd's release notes: what each of these became. */
const OLD: [string, string][] = [
  ['untrusted_workload_runtime', 'nothing of it: containerd 2 ignores this table'],
  ['katacli', 'nothing of it: the runtime v1 of kata-runtime is gone with containerd 2'],
  ['[plugins.cri', 'schema 2 or later: containerd 2 reads this table of schema 1 no more'],
]
