import { path } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'

export interface ShimState {
  version?: string
  /** The configuration file is there. */
  config: boolean
}

export function shimState(paths: { binary: string; config: string }): Reading<ShimState> {
  return {
    key: `kata:shim:${paths.binary}:${paths.config}`,
    lasting: 'effect',
    script: `${path(paths.binary)} --version 2>/dev/null; [ ! -r ${path(paths.config)} ] || echo "config yes"`,
    parse(frame) {
      const version = /version: (\d+\.\d+\.\d+)/.exec(frame)?.[1]
      return { config: /^config yes$/m.test(frame), ...(version === undefined ? {} : { version }) }
    },
  }
}

/**
 * Sandboxes that live under the handlers' shims: processes of the shim with a sandbox id (`-id`), and the run folders of
 * the Go (/run/vc/sbs) and the Rust runtime (/run/kata).
 */
export const sandboxes: Reading<string[]> = {
  key: 'kata:sandboxes',
  lasting: 'effect',
  script: [
    `{ for each in ${path('/run/vc/sbs')}/* ${path('/run/kata')}/*; do [ ! -d "$each" ] || echo "\${each##*/}"; done`,
    // One look at all processes: there may be thousands.
    `grep -lsz containerd-shim-kata ${path('/proc')}/[0-9]*/cmdline | while read -r each; do`,
    `  tr '\\0' '\\n' <"$each" 2>/dev/null | sed -n '/^-id$/{n;p;}'`,
    `done; } | sort -u`,
  ].join('\n'),
  parse: (frame) => frame.split('\n').filter((line) => line !== ''),
}
