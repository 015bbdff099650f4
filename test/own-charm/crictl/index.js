import { check, defineCharm, fileReading, path, runtimeHandlers, z } from 'kcharm'
import { life, requires, rest, stage, undo, wait } from 'kcharm'

const VERSION = '1'
const CONFIG = '/etc/crictl.yaml'

const config = z.object({
  timeout: z.int().min(1).max(600).default(10).describe('Seconds that crictl waits for an answer.'),
  debug: z.boolean().default(false).describe('Whether crictl shows what it asks.'),
})

/** `unix:///run/containerd/containerd.sock`, once the related runtime has said it. */
function socketOf({ peers }) {
  return peers('runtime').find(({ bag }) => bag?.version)?.bag.socket
}

const stages = {
  joining() {
    return { publish: { runtime: { handlers: [] } } }
  },
  configuring(context) {
    const { timeout, debug } = context.config
    const lines = [`runtime-endpoint: ${socketOf(context)}`, `timeout: ${timeout}`, `debug: ${debug}`]
    return { objects: [{ kind: 'file', path: CONFIG, text: `${lines.join('\n')}\n` }] }
  },
  proving(context) {
    const socket = socketOf(context).replace('unix://', '')
    const verdict = (there) => (there ? undefined : `there is no socket ${socket}`)
    return {
      checks: [check('the socket', socketReading(socket), verdict)],
      version: VERSION,
      message: `crictl asks ${socket}`,
    }
  },
}

function socketReading(file) {
  return {
    key: `socket:${file}`,
    lasting: 'effect',
    script: `[ -S ${path(file)} ] && echo yes || echo no`,
    parse: (frame) => frame.trim() === 'yes',
  }
}

const start = { begin: 'joining', changed: 'joining', remove: 'clearing' }
const again = { ...start, upgrade: 'replacing', rollback: 'goingBack' }

const chart = life('crictl', 'absent', {
  absent: rest('unknown', start),
  joining: stage({ ok: 'awaitRuntime', fail: 'failed' }, { hook: 'install' }),
  awaitRuntime: wait('runtime', { ready: 'configuring', quiet: 'parked' }),
  parked: rest('waiting', { ...again, ready: 'joining' }, 'runtime'),
  configuring: stage({ ok: 'proving', fail: 'failed' }, { takes: true, hook: 'config-changed' }),
  proving: stage({ ok: 'active', fail: 'failed' }, { hook: 'start' }),
  active: rest('active', { ...again, hold: 'held' }),
  failed: rest('error', again),
  replacing: stage(
    { ok: 'provingNew', fail: 'rollingBack' },
    { as: 'configuring', takes: true, hook: 'upgrade-charm' },
  ),
  provingNew: stage({ ok: 'active', fail: 'rollingBack' }, { as: 'proving', hook: 'post-upgrade' }),
  rollingBack: undo('pass', { ok: 'joining', fail: 'failed' }, { hook: 'rollback' }),
  held: rest('blocked', again),
  goingBack: undo('revision', { ok: 'joining', fail: 'failed' }, { hook: 'rollback' }),
  clearing: undo('all', { ok: 'removed', fail: 'failed' }, { hook: 'remove' }),
  removed: rest('terminated', start),
})

export default defineCharm({
  name: 'crictl',
  summary: 'crictl’s configuration: which container runtime it asks',
  subordinate: true,
  config,
  endpoints: { runtime: requires(runtimeHandlers, { scope: 'container', required: true }) },
  resources: {},
  observe: () => [fileReading(CONFIG)],
  stages,
  chart,
  waits: { runtime: (context) => socketOf(context) !== undefined },
  heeds: (context) => socketOf(context) ?? null,
  upgrades: { version: () => VERSION, branch: (version) => version, hops: [{ from: '1', to: '2' }], stops: false },
})
