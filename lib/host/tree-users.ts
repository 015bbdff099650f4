import { path, quote } from './shell.ts'
import type { Reading } from './view.ts'

/** How many processes run a program, or have mapped a file, from below a folder; one that was deleted since counts as well. */
export function treeUsers(name: string): Reading<number> {
  return {
    key: `users:${name}`,
    lasting: 'effect',
    // A program is mapped as well. One look at all processes: there may be thousands.
    script: `grep -lsF " $R"${quote(`${name}/`)} ${path('/proc')}/[0-9]*/maps | wc -l`,
    parse: (frame) => Number(frame.trim() || 0),
  }
}
