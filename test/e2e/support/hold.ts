import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { TestLab } from './labs.ts'

/** Programs of a node that can be held in the middle of a step, by the kind of step; the pattern is of their arguments. */
export const STEPS = {
  upload: ['cat', '^$'],
  unpack: ['tar', '^-xpof'],
  link: ['ln', '^-s'],
  file: ['base64', '^-d$'],
  restart: ['systemctl', '^restart containerd$'],
  probe: ['ctr', 'plugins ls$'],
} as const
export type StepKind = keyof typeof STEPS

/** Stands before the real one in PATH: waits while it is to be held, and says that it does. */
const WRAPPER = `#!/bin/sh
name=\${0##*/}
if [ -e /run/hold/$name ] && read -r pattern </run/hold/$name && printf '%s\\n' "$*" | grep -qE -- "$pattern"; then
  : >/run/hold/reached
  while [ -e /run/hold/$name ]; do sleep 0.1; done
fi
exec /usr/bin/$name "$@"
`

export interface Hold {
  /** The next step of the kind waits. */
  arm(kind: StepKind): void
  /** Until a step of the kind waits. */
  reached(): Promise<void>
  release(): void
}

/** Everything of it is done from outside, so that it works whatever is wrong with the node's network. */
export async function layHolds(lab: TestLab, node: string): Promise<Hold> {
  const root = await lab.root(node)
  const folder = join(root, 'run/hold')
  for (const [name] of Object.values(STEPS)) {
    writeFileSync(join(root, 'usr/local/bin', name), WRAPPER, { mode: 0o755 })
  }
  mkdirSync(folder)
  const release = () => {
    for (const [name] of Object.values(STEPS)) rmSync(join(folder, name), { force: true })
    rmSync(join(folder, 'reached'), { force: true })
  }
  return {
    arm(kind) {
      const [name, pattern] = STEPS[kind]
      writeFileSync(join(folder, name), `${pattern}\n`)
    },
    reached: () =>
      vi.waitUntil(() => existsSync(join(folder, 'reached')), { timeout: 240_000, interval: 50 }).then(() => undefined),
    release,
  }
}
