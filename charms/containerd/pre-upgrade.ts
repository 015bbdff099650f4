import type { Ascent } from '../../lib/lifecycle/upgrades.ts'
import { mendedMain } from './configure.ts'
import { CONFIG } from './observe.ts'
import { preparations, wordsOf } from './prepare.ts'
import { blocked, type Ctx, type Out } from './context.ts'
import { liveTasksOf } from './daemon.ts'
import { type Method, methodOf } from './install.ts'
import { refusedFlavour, refusedMachine } from './judge.ts'
import { canReturn, deprecations, podSandboxes } from './upgrade-facts.ts'

/** May this version come after that one here, and what will that mean for what runs? */
export function preUpgrade(context: Ctx): Out {
  const { ascent } = context
  if (ascent === undefined) return {}
  const method = methodOf(context.config, context.resources, context.view)
  if (method.by === 'nothing') return blocked(method.message, method.hint)
  return (
    refusedFlavour(context) ??
    noWay(ascent) ??
    refusedMachine(context, method) ?? {
      notes: [...notesFor(context, ascent), ...wordsOnSchema(context, method.version ?? ascent.to)],
      asks: [...sandboxesEnd(context, ascent), ...asksFor(context, method)],
    }
  )
}

function noWay({ from, goal, path, missing }: Ascent): Out | undefined {
  if (path === undefined) {
    return blocked(
      `containerd supports no way from ${from} to ${goal}`,
      'go minor by minor, or from one long-term release (1.6, 1.7, 2.3) to the next; back only to a version that is kept (kcharm rollback)',
    )
  }
  if (missing === undefined) return undefined
  return blocked(
    `the way from ${from} to ${goal} goes over ${missing}, which was not given`,
    `give its archive as the resource containerd-via, or its package’s version in the option via`,
  )
}

/** Which of them live is in the notes: what somebody has agreed to holds for one that is begun in the meantime as well. */
function sandboxesEnd(context: Ctx, { path: [hop] = [] }: Ascent): string[] {
  if (hop?.breaks === undefined || liveSandboxes(context).length === 0) return []
  return ['the pod sandboxes of this machine are not expected to live through it, and no rollback brings them back']
}

function liveSandboxes({ view }: Ctx): string[] {
  const live = view.peek(podSandboxes)
  return Array.isArray(live) ? live : []
}

function wordsOnSandboxes(context: Ctx, breaks: string): string[] {
  const live = liveSandboxes(context)
  const mark = `this step breaks pod sandboxes: ${breaks}`
  if (live.length === 0) return [`${mark}; none lives now`]
  return [
    `${mark}; ${live.length} live now: ${live.map((each) => each.slice(0, 12)).join(', ')}`,
    'to keep their pods well drain this machine first (kubectl drain), or end them (crictl rmp -fa)',
  ]
}

function notesFor(context: Ctx, { from, to, goal, path = [] }: Ascent): string[] {
  const stops = path.map((hop) => hop.to).slice(0, -1)
  const tasks = liveTasksOf(context)
  const said = context.view.peek(deprecations)
  return [
    `containerd ${from} to ${to}${to === goal ? '' : `, on the way to ${goal}`}${stops.length > 0 ? ` (over ${stops.join(', ')})` : ''}`,
    ...(path[0]?.words ?? []),
    ...(path[0]?.breaks === undefined ? [] : wordsOnSandboxes(context, path[0].breaks)),
    `containerd restarts once; ${tasks === 0 ? 'no container runs now' : `${tasks} containers run on`}`,
    ...(Array.isArray(said) ? said.map((each) => `the running version warns: ${each}`) : []),
  ]
}

function wordsOnSchema(context: Ctx, version: string): string[] {
  const { stays } = mendedMain({ version, context, prepare: preparations(wordsOf(context.config), version) })
  return stays === undefined ? [] : [`${CONFIG} keeps schema 2, which containerd ${version} reads: ${stays}`]
}

/** An rpm that no repository has cannot be made again from what is installed: somebody must agree to do without. */
function asksFor({ view }: Ctx, method: Method): string[] {
  if (method.by !== 'package' || method.manager === 'apt' || method.installed === undefined) return []
  const { name, installed, manager } = method
  if (view.read(canReturn(name, installed, manager))) return []
  return [`no rollback: no repository has ${name} ${installed} any more`]
}
