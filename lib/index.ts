/** The library's door: what a charm's author writes with. */
export { check, defineCharm, type Charm, type CharmSpec, type StageOut } from './lifecycle/charm.ts'
export type { Context } from './lifecycle/context.ts'
export { life, rest, stage, undo, wait, type Chart } from './lifecycle/chart.ts'
export { defineInterface, provides, requires } from './model/endpoint.ts'
export { KcharmError } from './errors/index.ts'
