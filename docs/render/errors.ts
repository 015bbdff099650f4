import { CODES } from '../../lib/errors/index.ts'

type Failure = { exit: number; retry: boolean; says: string }

/** The closed table of failures by exit status; 0 is success. `shown`: a code in its cell. */
export function renderErrors(codes: Record<string, Failure> = CODES, shown = (code: string) => `\`${code}\``): string {
  const rows = Object.entries(codes)
    .toSorted(([, one], [, other]) => one.exit - other.exit)
    .map(([code, { exit, retry, says }]) => `| ${exit} | ${shown(code)} | ${says} | ${retry ? 'yes' : ''} |\n`)
  return `| Exit | Code | Meaning | May succeed when run again |\n| ---: | --- | --- | --- |\n${rows.join('')}`
}
