import { path } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'

/** A Kata that somebody else put on the machine. */
export interface FoundKata {
  /** `tree`: a release unpacked by hand, also below a home; `system`: a source build or a distribution's package. */
  kind: 'tree' | 'system'
  root: string
  /** Shims with what they say of themselves. */
  shims: { path: string; runtime: 'go' | 'rust'; version: string }[]
  /** Configuration files. */
  configs: string[]
}

export interface Found {
  katas: FoundKata[]
  /** What is recognised and left alone, each with the path that shows it. */
  marks: { what: Mark; path: string }[]
  /** Lines of containerd's configuration that lead to a Kata in an old way: `12:[plugins.cri.…katacli]`. */
  entries: string[]
}

export type Mark = 'kata-deploy' | 'snap' | 'kata-1'

export const MARKS: Record<Mark, string[]> = {
  /**
   * kata-containers, tools/packaging/kata-deploy: the drop-ins, with a suffix for each further install, and the folder of each
   * shim that it makes.
   */
  'kata-deploy': [
    '/opt/kata/containerd/config.d/kata-deploy*.toml',
    '/etc/containerd/conf.d/kata-deploy*.toml',
    '/etc/containerd/config.toml.kata-deploy-created',
    '/opt/kata/share/defaults/kata-containers/runtimes',
    '/opt/kata/share/defaults/kata-containers/runtime-rs/runtimes',
  ],
  snap: ['/snap/kata-containers/current'],
  'kata-1': [
    '/usr/bin/kata-proxy',
    '/usr/libexec/kata-containers/kata-proxy',
    '/opt/kata/libexec/kata-containers/kata-proxy',
  ],
}

const CONFIGS = 'share/defaults/kata-containers'
const SHIM = 'containerd-shim-kata-v2'

/**
 * Looks where blogs, `make install`, Fedora's and SUSE's packages and kata-deploy put Kata. Asks a shim for its version, nothing
 * else is run. Another's install does not change while ours goes on.
 */
export function foundKata(prefix: string): Reading<Found> {
  const roots = [...new Set([prefix, '/opt/kata', '/root/opt/kata'])]
  const trees = [...roots.map(path), `${path('/home')}/*/opt/kata`].join(' ')
  const system = ['/usr/local', '/usr'].map(path).join(' ')
  const configs = [
    '/usr/share/kata-containers/defaults',
    `/usr/local/${CONFIGS}`,
    `/usr/${CONFIGS}`,
    '/etc/kata-containers',
  ]
  const marks = Object.entries(MARKS).flatMap(([what, paths]) => paths.map((each) => `mark ${what} ${pattern(each)}`))
  return {
    key: `kata:found:${prefix}`,
    lasting: 'fact',
    script: [
      'shim() { [ ! -f "$1" ] || [ ! -x "$1" ] || echo "shim ${1#"$R"} $("$1" --version 2>/dev/null | head -n 1)"; }',
      'configs() { for c in "$1"/configuration*.toml "$1"/runtime-rs/configuration*.toml; do [ ! -f "$c" ] || echo "config ${c#"$R"}"; done; }',
      'mark() { kc_what=$1; shift; for each; do [ ! -e "$each" ] || echo "mark $kc_what ${each#"$R"}"; done; }',
      `for root in ${trees}; do`,
      '  [ -d "$root" ] || continue',
      '  echo "tree ${root#"$R"}"; shim "$root/bin/' +
        SHIM +
        '"; shim "$root/runtime-rs/bin/' +
        SHIM +
        `"; configs "$root/${CONFIGS}"`,
      'done',
      `for top in ${system}; do`,
      `  each=$top/bin/${SHIM}; { [ -f "$each" ] && [ ! -h "$each" ]; } || continue`,
      `  echo "system \${top#"$R"}"; shim "$each"; for folder in ${configs.map(path).join(' ')}; do configs "$folder"; done`,
      'done',
      ...marks,
      `grep -nE '^[^#]*(untrusted_workload_runtime|katacli|kata-runtime)|^ *\\[plugins\\.cri[].]' ${path('/etc/containerd/config.toml')} 2>/dev/null | sed 's/^/entry /'`,
    ].join('\n'),
    parse: parseFound,
  }
}

/** A path whose last part may hold a `*`. */
function pattern(each: string): string {
  const cut = each.lastIndexOf('/')
  return `${path(each.slice(0, cut))}${each.slice(cut)}`
}

/** Those whose shim answers with a version and that are nobody's who would change them. */
export function usable({ katas, marks }: Found): FoundKata[] {
  const deployed = marks.some(({ what }) => what === 'kata-deploy')
  return katas.filter(({ root, shims }) => {
    return shims.some(({ version }) => /^[2-9]\./.test(version)) && !(deployed && root === '/opt/kata')
  })
}

function parseFound(frame: string): Found {
  const found: Found = { katas: [], marks: [], entries: [] }
  for (const line of frame.split('\n')) {
    const [word, first = '', ...rest] = line.split(' ')
    const last = found.katas.at(-1)
    if (word === 'tree' || word === 'system') found.katas.push({ kind: word, root: first, shims: [], configs: [] })
    if (word === 'shim') last?.shims.push({ path: first, ...readVersion(rest.join(' ')) })
    if (word === 'config') last?.configs.push(first)
    if (word === 'mark') found.marks.push({ what: first as Mark, path: rest.join(' ') })
    if (word === 'entry') found.entries.push([first, ...rest].join(' '))
  }
  return found
}

/** The Go shim says `id: "io.containerd.kata.v2"` in quotes, the Rust one without (main.go and main.rs of the releases). */
function readVersion(said: string): { runtime: 'go' | 'rust'; version: string } {
  const rust = said.includes('(Rust)') || /id: io\./.test(said)
  return { runtime: rust ? 'rust' : 'go', version: /version: (\d+\.\d+\.\d+)/.exec(said)?.[1] ?? '' }
}
