import { preflight } from './preflight.ts'

export const actions = { preflight }
