import type { StageOut } from '../../lib/lifecycle/charm.ts'
import type { Context } from '../../lib/lifecycle/context.ts'
import { provides } from '../../lib/model/endpoint.ts'
import { runtimeHandlers } from '../../lib/model/interfaces.ts'
import type { Config } from './config.ts'
import type { Wish } from './toml/index.ts'

export const endpoints = { handlers: provides(runtimeHandlers) }
export type Ctx = Context<Config, typeof endpoints>
export type Out = StageOut<typeof endpoints>

/** What related sandbox runtimes ask for. */
export function handlersOf(context: Ctx): Wish['handlers'] {
  return context.peers('handlers').flatMap((peer) => (peer.bag?.handlers ?? []).map(defined))
}

export function blocked(message: string, hint: string): Out {
  return { blocked: { message, hint } }
}

/** zod gives optional members as possibly undefined; an editor's handler leaves them out. */
function defined<T extends object>(handler: T): Wish['handlers'][number] {
  return Object.fromEntries(Object.entries(handler).filter(([, value]) => value !== undefined)) as never
}
