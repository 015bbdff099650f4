import { WRITING_PRELUDE } from '../../../lib/host/prelude.ts'
import type { Machine } from '../../../lib/model/declaration.ts'
import type { NodeSession } from '../../../lib/run/node-session.ts'
import type { OpenMachine } from '../../../lib/run/workspace.ts'

/** A moment within one step. */
export type Boundary = 'while the tree is unpacked' | { key: string; between: 'intent and write' | 'write and done' }

/** Sessions whose machine stands still at that boundary; `reached` is called there, and has to end the machine. */
export function standingAt(open: OpenMachine, boundary: Boundary, reached: () => Promise<void>): OpenMachine {
  return async (machine: Machine): Promise<NodeSession> => {
    const session = await open(machine)
    return {
      upload: (source, to, options) => session.upload(source, to, options),
      lock: (holder) => session.lock(holder),
      close: () => session.close(),
      run: async (script, options) => {
        if (!script.includes(WRITING_PRELUDE)) return await session.run(script, options)
        let ended: Promise<void> | undefined
        const onLine = (line: string): void => void (line === REACHED && (ended ??= reached()))
        return await session
          .run(withFunctions(script, holdingAt(boundary)), { ...options, onLine })
          .finally(() => ended)
      },
    }
  }
}

const REACHED = 'the test has reached its boundary'

/** The machine's own functions come first, the one that notes lines down under another name. */
function withFunctions(script: string, holds: string): string {
  const own = WRITING_PRELUDE.replace('kc_note() {', 'kc_note_down() {')
  return `exec 7>&1\n${script.replace(WRITING_PRELUDE, () => `${own}${holds}\n`)}`
}

const STAND = `{ echo ${REACHED} >&7; while :; do sleep 1; done; }`

/** Shell functions that go before the machine's own. */
function holdingAt(boundary: Boundary): string {
  if (typeof boundary === 'string') {
    const unpack = `head -c 100000 | command tar "$@"; ${STAND}`
    return `${PLAIN_NOTE}\ntar() { case $1 in -xpof) ${unpack} ;; *) command tar "$@" ;; esac; }`
  }
  const { key, between } = boundary
  const intent = `case "$*" in *'"t":"intent"'*'"key":"${key}"'*) at=here ;; esac`
  if (between === 'intent and write')
    return `kc_note() { ${intent}; kc_note_down "$@" && [ "$at" != here ] || ${STAND}; }`
  return `kc_note() { case "$at $*" in here*'"t":"done"'*) ${STAND} ;; esac; ${intent}; kc_note_down "$@"; }`
}

const PLAIN_NOTE = 'kc_note() { kc_note_down "$@"; }'
