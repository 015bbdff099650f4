import { blocked, type Ctx, type Out } from './context.ts'
import { sandboxes } from './observe.ts'
import type { Release } from './release.ts'

/** Nothing that sandboxes live by is taken from under them. */
export function inUse(context: Ctx, wish: 'remove' | 'deploy'): Out | undefined {
  const live = context.view.peek(sandboxes)
  if (!Array.isArray(live) || live.length === 0) return undefined
  const hint = `end the pods that run in them, then ${wish} again`
  return blocked(`${live.length} sandboxes still live under its handlers: ${live.slice(0, 3).join(', ')}`, hint)
}

/** Kata will stand elsewhere: the runtime looks for the shims of living sandboxes where they were (kata-containers#12761). */
export function leavesPlace(context: Ctx, { root }: Release): Out | undefined {
  const before = context.published('runtime')?.handlers ?? []
  return before.some(({ runtimePath }) => !runtimePath.startsWith(`${root}/`)) ? inUse(context, 'deploy') : undefined
}
