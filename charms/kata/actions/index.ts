import { check } from './check.ts'
import { collect } from './collect.ts'
import { orphans } from './orphans.ts'
import { preflight } from './preflight.ts'
import { sandboxes } from './sandboxes.ts'
import { smoke } from './smoke.ts'

export const actions = { preflight, check, smoke, collect, sandboxes, orphans }
