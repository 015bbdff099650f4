import { isDeepStrictEqual } from 'node:util'
import { textReading } from '../../lib/host/file.ts'
import { remembered } from '../../lib/model/memo.ts'
import { blocked, type Ctx, type Out } from './context.ts'
import { liveTasksOf } from './daemon.ts'
import { CONFIG, DROP_IN, kubeletDriver } from './observe.ts'
import { preparedText, wordsOf } from './prepare.ts'
import { editConfig, isEmptyWish, readConfig, renderDropIn, type Wish } from './toml/index.ts'
import { isOne } from './toml/facts.ts'
import { RUNC } from './toml/wish.ts'

/** Whether runtimes of runc's type use the systemd driver, by their names. */
type Drivers = Record<string, boolean>

/**
 * The cgroup driver of running containers cannot change: the kubelet would no longer find their cgroups
 * (containerd#4857). `wish` is what will be written.
 */
export function refusedCgroup(context: Ctx, { version, wish }: { version: string; wish: Wish }): Out | undefined {
  const shift = shiftOf(context, { version, systemdCgroup: wish.systemdCgroup })
  if (shift === undefined) return undefined
  const running = liveTasksOf(context)
  if (running > 0) {
    return blocked(
      `the cgroup driver of ${shift} would change under ${running} running containers`,
      'drain the node and remove its pods (crictl rmp -fa), then deploy again; or set systemd_cgroup as it is now',
    )
  }
  return undefined
}

/** The kubelet and containerd must agree, else pods restart every few minutes (kubernetes#105762). */
export function kubeletDisagrees(context: Ctx): Out | undefined {
  const choice = context.config.systemd_cgroup
  const kubelet = choice === 'auto' ? undefined : context.view.read(kubeletDriver)
  if (kubelet === undefined || (kubelet === 'systemd') === (choice === 'true')) return undefined
  return blocked(
    `systemd_cgroup is ${choice}, but this machine's kubelet uses the ${kubelet} driver (/var/lib/kubelet/config.yaml)`,
    `set systemd_cgroup to ${kubelet === 'systemd' ? 'true' : 'false'}, or change cgroupDriver of the kubelet first`,
  )
}

/** The runtimes whose driver changes, in words. */
function shiftOf(
  { view, config }: Ctx,
  { version, systemdCgroup }: { version: string; systemdCgroup: boolean | undefined },
): string | undefined {
  const text = view.peek(textReading(CONFIG))
  const dropIn = view.peek(textReading(DROP_IN))
  if (typeof text !== 'string' || typeof dropIn !== 'string' || text === '') return undefined
  if (systemdCgroup === undefined && !`${text}${dropIn}`.includes('SystemdCgroup')) return undefined
  const prepared = preparedText({ text, daemon: version, words: wordsOf(config) })
  const { now, next } = judged({
    text,
    prepared,
    dropIn,
    version,
    ...(systemdCgroup === undefined ? {} : { systemdCgroup }),
  })
  const names = [...new Set([...Object.keys(now), ...Object.keys(next)])]
  const changed = names.filter((name) => (now[name] ?? false) !== (next[name] ?? false))
  return changed.length === 0 || isDeepStrictEqual(now, next) ? undefined : changed.join(', ')
}

const judged = remembered(
  (given: { text: string; prepared: string; dropIn: string; version: string; systemdCgroup?: boolean }) => {
    const { text, prepared, version, systemdCgroup } = given
    const wish: Wish = { handlers: [], systemdCgroup }
    const now = driversOf(text, { version, dropIn: isOne(version) ? '' : given.dropIn })
    if (isOne(version))
      return { now, next: driversOf(editConfig(prepared, wish, { path: CONFIG }), { version, dropIn: '' }) }
    const facts = readConfig(prepared, { path: CONFIG, daemon: version })
    return { now, next: driversOf(prepared, { version, dropIn: isEmptyWish(wish) ? '' : renderDropIn(facts, wish) }) }
  },
)

function driversOf(text: string, { version, dropIn }: { version: string; dropIn: string }): Drivers {
  const main = readConfig(text, { path: CONFIG, daemon: version })
  const over = readConfig(dropIn || `version = ${main.schema}\n`, { path: DROP_IN, daemon: version })
  const own = Object.entries(main.runtimes ?? {}).filter(([, { type }]) => type === RUNC)
  const names = new Set(['runc', ...own.map(([name]) => name)])
  const table = main.defaultTable ? { default_runtime: main.defaultTable.systemdCgroup ?? false } : {}
  const entries = [...names].map((name) => [
    name,
    over.runtimes?.[name]?.systemdCgroup ?? main.runtimes?.[name]?.systemdCgroup ?? false,
  ])
  return { ...Object.fromEntries(entries), ...table }
}
