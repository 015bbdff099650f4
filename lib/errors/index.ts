export { CODES, type Code } from './codes.ts'
export { KcharmError, toKcharmError, type ErrorDetail } from './kcharm-error.ts'
