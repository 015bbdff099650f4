import { path, quote } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'
import { check, type Check } from '../../lib/lifecycle/charm.ts'
import type { Ctx } from './context.ts'
import { shimState } from './observe.ts'
import { installed } from './source.ts'
import { type ShimName, shimOf, shimPaths } from './shims.ts'
import { type Leaves, readLeaves } from './toml.ts'

/**
 * Of each shim in the new tree: its program runs and says its version, its configuration is TOML and of its own runtime, and
 * every path in it is there. Nothing points to the tree yet.
 */
export function stagedChecks(context: Ctx): Check[] {
  const { layout, tree } = installed(context)
  if (tree === undefined) return []
  return context.config.shims.flatMap((shim) => {
    const { binary, config } = shimPaths(tree, layout, shim)
    return [
      check(`new shim ${shim}`, shimState({ binary, config }), ({ version, config: there }) => {
        if (version === undefined) return `${binary} does not answer --version`
        if (version !== layout.version) return `${binary} is of version ${version}, expected ${layout.version}`
        return there ? undefined : `${config} is not there: it is missing from what was unpacked`
      }),
      check(`new configuration of ${shim}`, namedPaths({ config, tree }), ({ text, missing }) => {
        const leaves = readLeaves(text, config)
        if (missing.length > 0) return `${config} names ${missing.slice(0, 3).join(', ')}, which is not in the archive`
        return family(leaves, shim)
          ? undefined
          : `${config} is not of the ${shimOf(shim).runtime} runtime, and its shim is`
      }),
    ]
  })
}

interface Named {
  text: string
  /** Absolute paths that are not there. */
  missing: string[]
}

/** Releases are made for this place, wherever they are put. */
const BASE = '/opt/kata'

/** A configuration, and which of the paths that it names are not in its tree. */
function namedPaths({ config, tree }: { config: string; tree: string }): Reading<Named> {
  const names = quote(`s|^[a-z_]* *= *"\\(${BASE}/[^"]*\\)".*|\\1|p`)
  return {
    key: `kata:staged:${config}`,
    lasting: 'effect',
    script: [
      `[ ! -f ${path(config)} ] || { base64 <${path(config)} | tr -d '\\n'; echo; sed -n ${names} ${path(config)} | sort -u | while read -r each; do`,
      `  [ -e ${path(tree)}"\${each#${BASE}}" ] || printf '%s\\n' "$each"; done; }`,
    ].join('\n'),
    parse(frame) {
      const [text = '', ...missing] = frame.split('\n').filter((line) => line !== '')
      return { text: Buffer.from(text, 'base64').toString('utf8'), missing }
    },
  }
}

/** Only the Rust runtime's configurations name it: `[runtime] name` (kata-containers, src/runtime-rs/config/*.toml.in). */
function family(leaves: Leaves, shim: ShimName): boolean {
  const rust = leaves['runtime.name'] !== undefined
  return rust === (shimOf(shim).runtime === 'rust')
}
