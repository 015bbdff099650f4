import type { StageOut } from '../../lib/lifecycle/charm.ts'
import type { Context } from '../../lib/lifecycle/context.ts'
import { requires } from '../../lib/model/endpoint.ts'
import { runtimeHandlers } from '../../lib/model/interfaces.ts'
import type { Config } from './config.ts'

export const endpoints = {
  runtime: requires(runtimeHandlers, { scope: 'container', required: true, limit: 1 }),
}
export type Ctx = Context<Config, typeof endpoints>
export type Out = StageOut<typeof endpoints>

export function blocked(message: string, hint: string): Out {
  return { blocked: { message, hint } }
}
