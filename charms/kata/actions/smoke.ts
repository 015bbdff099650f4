import { z } from 'zod'
import { KcharmError } from '../../../lib/errors/index.ts'
import { path, quote } from '../../../lib/host/shell.ts'
import { action, type ActionAnswer } from '../../../lib/lifecycle/action.ts'
import { namesOf } from '../handlers.ts'
import { shimOf } from '../shims.ts'
import type { Ctx } from '../context.ts'

const DEADLINE = 120

/**
 * One container under a handler as the running daemon knows it. What proves a virtual machine: its boot id is not the machine's
 * (each kernel makes its own at its start), and a process with the sandbox's id holds a KVM machine. systemd-nspawn gives its containers
 * a boot id of their own, so there one kernel shows two.
 */
export const smoke = action({
  description:
    'Runs one container under a handler, and says whether it had a kernel of its own. It takes all away again.',
  params: z.strictObject({
    handler: z.string().optional().describe('The handler; default: that of the first shim.'),
  }),
  makes: true,
  within: DEADLINE + 30,
  ask(context: Ctx, { handler }) {
    const names = namesOf(context.config)
    const name = handler ?? names[0] ?? ''
    if (!names.includes(name)) {
      throw new KcharmError('not-found', `${context.unit} has no handler ${name}`, {
        hint: `it has ${names.join(', ')}`,
      })
    }
    const shim = context.config.shims[names.indexOf(name)] ?? context.config.default
    if (shim !== undefined && shimOf(shim).block) {
      throw new KcharmError(
        'invalid-option',
        `${name} takes block devices only, and this container stands on a folder`,
        {
          hint: 'try it with a pod',
        },
      )
    }
    return {
      key: `kata:smoke:${name}`,
      lasting: 'fact',
      script: [...placesWords(context), scriptFor(name)].join('\n'),
      parse: (frame) => verdict(name, frame),
    }
  },
})

/** Runs inside: `read` and `echo` are the shell's own, so nothing but it and sleep has to be there. */
const INSIDE =
  'read -r id </proc/sys/kernel/random/boot_id; read -r version </proc/version; echo "inside boot $id"; echo "inside kernel $version"; exec sleep 60'

/** The value of a key of the handler's table in what the daemon says of its configuration, whatever the quoting. */
const VALUE = `value() { printf '%s\\n' "$dump" | awk -v want="$1" -v key="$2" '
  /^[ \\t]*\\[/ { line = $0; gsub(/[][ \\t"\\047]/, "", line); at = length(line) - length(want) + 1; on = at > 0 && substr(line, at) == want }
  on && $1 == key { sub(/^[^=]*= */, ""); gsub(/["\\047]/, ""); print; exit }'; }`

/** Where the runtime of this machine is, that of k3s for one: `ctr` and `containerd` are asked there. */
function placesWords(context: Ctx): string[] {
  const [peer] = context.peers('runtime')
  if (peer?.bag === undefined) return [`main=${path(CONFIG)}`]
  const { socket, programs, config = CONFIG } = peer.bag
  return [
    `export CONTAINERD_ADDRESS=${path(socket.replace(/^unix:\/\//, ''))}`,
    ...(programs === undefined ? [] : [`PATH=${path(programs)}:$PATH`]),
    `main=${path(config)}`,
  ]
}

/** Where containerd looks by default; some builds print their defaults when it is not named (k0s#7364). */
const CONFIG = '/etc/containerd/config.toml'

function scriptFor(handler: string): string {
  const table = `.containerd.runtimes.${handler}`
  return [
    VALUE,
    'dump=$(containerd -c "$main" config dump 2>/dev/null)',
    `type=$(value ${quote(table)} runtime_type) shim=$(value ${quote(table)} runtime_path)`,
    `config=$(value ${quote(`${table}.options`)} ConfigPath)`,
    'echo "type $type"; echo "shim $shim"; echo "outside boot $(cat "$R"/proc/sys/kernel/random/boot_id)"; echo "outside kernel $(cat "$R"/proc/version)"',
    '[ -n "$type" ] || exit 0',
    'id=kcharm-smoke-$$ top=$(mktemp -d) || exit',
    'gone() {',
    '  ctr task kill -s KILL "$id" >/dev/null 2>&1; tries=0',
    '  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 20 ]; do sleep 0.5; tries=$((tries + 1)); done',
    '  kill "$pid" 2>/dev/null; ctr task rm -f "$id" >/dev/null 2>&1; ctr container rm "$id" >/dev/null 2>&1; rm -rf "$top"; }',
    ROOTFS,
    `ctr run --rm --runtime "\${shim:-$type}" \${config:+--runtime-config-path "$config"} --rootfs "$top/root" "$id" /bin/sh -c ${quote(INSIDE)} >"$top/out" 2>"$top/err" </dev/null 9>&- &`,
    'pid=$! tries=0; trap gone EXIT',
    `while [ $tries -lt ${DEADLINE * 2} ] && kill -0 "$pid" 2>/dev/null && ! grep -q 'inside kernel' "$top/out"; do sleep 0.5; tries=$((tries + 1)); done`,
    'cat "$top/out"; tail -n 3 "$top/err" | sed "s/^/error /"',
    '! grep -q "inside boot" "$top/out" || for each in "$R"/proc/[0-9]*; do',
    '  [ "${each##*/}" != "$pid" ] || continue',
    '  case $(tr "\\0" " " <"$each/cmdline" 2>/dev/null) in *"$id"*) ;; *) continue ;; esac',
    '  read -r name <"$each/comm"; machines=0',
    '  for fd in "$each"/fd/*; do case $(readlink "$fd") in *kvm-vm*) machines=$((machines + 1)) ;; esac; done',
    '  echo "process ${each##*/} $machines $name"',
    'done',
  ].join('\n')
}

/** The machine's own shell with its libraries: a root file system that needs no image. */
const ROOTFS = [
  'for each in bin proc sys dev etc run tmp; do mkdir -p "$top/root/$each"; done',
  'for each in sh sleep; do',
  '  program=$(command -v $each) && cp -L "$program" "$top/root/bin/$each"',
  `  for lib in $(ldd "$program" 2>/dev/null | grep -o '/[^ )]*'); do mkdir -p "$top/root\${lib%/*}" && cp -Lf "$lib" "$top/root$lib"; done`,
  'done',
].join('\n')

function verdict(handler: string, frame: string): ActionAnswer {
  const after = (start: string) =>
    frame.split('\n').flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : []))
  const [inside, outside] = [after('inside boot ')[0], after('outside boot ')[0] ?? '']
  const processes = after('process ').map((line) => {
    const [pid = '', machines = '0', ...name] = line.split(' ')
    return { pid: Number(pid), name: name.join(' '), kvm_machines: Number(machines) }
  })
  const type = after('type ')[0] ?? ''
  const result = {
    handler,
    runtime: after('shim ')[0] || type,
    boot_id: { inside: inside ?? '', outside },
    kernel_inside: after('inside kernel ')[0] ?? '',
    processes,
  }
  const no = (says: string): ActionAnswer => ({ ok: false, says, result })
  if (type === '') return no(`containerd has not loaded ${handler}: it is not in \`containerd config dump\``)
  if (inside === undefined)
    return no(`no container came up under ${handler}: ${after('error ').join(' ') || 'it said nothing'}`)
  const vmm = processes.find((each) => each.kvm_machines > 0)
  const own = inside === outside || (vmm === undefined && result.kernel_inside === after('outside kernel ')[0])
  if (own) return no(`${handler} gives no virtual machine: inside runs this machine’s own kernel (${type})`)
  if (vmm === undefined) return no(`boot ids differ, but no process of this sandbox holds a KVM machine`)
  return { ok: true, says: `${handler} gave a kernel of its own, in ${vmm.name} (process ${vmm.pid})`, result }
}
