import type { z } from 'zod'
import type { Reading } from '../host/view.ts'
import type { ActionMeta } from '../model/charm-meta.ts'
import type { Endpoints } from '../model/endpoint.ts'
import type { Json } from '../model/json.ts'
import type { Context } from './context.ts'

/** What an action found out. */
export interface ActionAnswer {
  /** False: what it was to show is not so. */
  ok: boolean
  result: Json
  /** In a sentence, for people. */
  says?: string
}

/** Something that a person can ask of one unit: a question to its machine that leaves nothing there. */
export interface Action<C = unknown, E extends Endpoints = Endpoints> extends ActionMeta {
  /** Seconds until it is given up; default 60. */
  within?: number
  /** Pure: the question that it is. Throws a KcharmError where the unit cannot be asked. */
  ask(context: Context<C, E>, params: unknown): Reading<ActionAnswer>
}

/** An action with the types of its own parameters. */
export function action<C, E extends Endpoints, P extends z.ZodObject>(spec: {
  description: string
  params: P
  makes?: true
  within?: number
  ask(context: Context<C, E>, params: z.output<P>): Reading<ActionAnswer>
}): Action<C, E> {
  return { ...spec, ask: (context, params) => spec.ask(context, params as z.output<P>) }
}
