import { setTimeout as sleep } from 'node:timers/promises'
import type { StandInNode } from '../../../lib/lab/rootless/node.ts'
import { ConnectionLost } from '../../../lib/ssh/connection-lost.ts'
import type { NodeSession } from '../../../lib/run/node-session.ts'
import type { Through } from '../../lab/rootless/deployment.ts'

/**
 * What happens to one request: the line is cut before it is sent, while it runs, or before its answer comes; its shell is killed
 * with all that it started; the machine loses its power.
 */
export const FAULTS = ['before', 'during', 'after', 'killed', 'power'] as const
export type Fault = (typeof FAULTS)[number]

export interface Interference {
  through: Through
  /** Requests so far. */
  count(): number
}

/** Lets a fault happen to the request of this number (from 0), `delayMs` after it was sent where it runs meanwhile. */
export function interfere(node: StandInNode, at?: { request: number; fault: Fault; delayMs: number }): Interference {
  let requests = 0
  const guarded = async <T>(send: () => Promise<T>): Promise<T> => {
    if (requests++ !== at?.request) return await send()
    if (at.fault === 'before') node.cut()
    const answer = send()
    answer.catch(() => undefined)
    if (at.fault === 'after') await answer.catch(() => undefined)
    else await Promise.race([sleep(at.delayMs), answer.catch(() => undefined)])
    if (at.fault === 'during' || at.fault === 'after') node.cut()
    if (at.fault === 'killed') node.kill()
    if (at.fault === 'power') await node.reboot()
    if (at.fault !== 'after') return await answer
    throw new ConnectionLost(node.name, 'the answer never came')
  }
  const through: Through = (session): NodeSession => ({
    run: (script, options) => guarded(() => session.run(script, options)),
    upload: (source, to, options) => guarded(() => session.upload(source, to, options)),
    lock: (holder) => guarded(() => session.lock(holder)),
    close: () => session.close(),
  })
  return { through, count: () => requests }
}
