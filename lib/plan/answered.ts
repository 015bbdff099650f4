import { path } from '../host/shell.ts'
import type { Reading } from '../host/view.ts'
import { digest } from '../model/json.ts'

/** Which machine has answered. */
export interface Answered {
  /** Digest of its machine-id, which is nobody else's business (machine-id(5)); nothing where it has none. */
  id: string
  hostname: string
}

/** Every machine has its own: not part of what machines that are alike say. `time`: its clock, in seconds since 1970. */
export const answeredReading: Reading<Answered & { time: number }> = {
  key: 'kcharm:answered',
  lasting: 'fact',
  script: `${['/etc/machine-id', '/proc/sys/kernel/hostname'].map((file) => `echo "$(cat ${path(file)})"`).join('\n')}\ndate +%s`,
  parse(frame) {
    const [id = '', hostname = '', time] = frame.split('\n')
    return { id: id === '' ? '' : digest(id), hostname, time: Number(time) }
  },
}

/** An address may come to be another machine's, which shows when both have a machine-id. */
export function isAnother(was: Answered | undefined, now: Answered | undefined): boolean {
  return Boolean(was?.id && now?.id) && was?.id !== now?.id
}
