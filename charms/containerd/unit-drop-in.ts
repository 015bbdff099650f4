import type { HostObject } from '../../lib/host/objects.ts'
import type { Ctx } from './context.ts'
import { UNIT_DROP_INS } from './observe.ts'

/** Last among drop-ins: what they set as well, this one decides. */
export const UNIT_DROP_IN = `${UNIT_DROP_INS}/zz-kcharm.conf`

/** What systemd gives the daemon: its proxy and its limits. Throws `invalid-option` for a proxy that cannot be read. */
export function unitDropIn(context: Ctx): HostObject[] {
  const { http_proxy: http, https_proxy: https, limit_nofile: files } = context.config
  const environment = proxies(context)
  const lines = [
    ...environment.map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`),
    ...(files === undefined ? [] : [`LimitNOFILE=${files}`]),
  ]
  if (lines.length === 0) return []
  const secret = [http, https].some(isReference)
  const text = ['# Written by kcharm, which overwrites it.', '[Service]', ...lines, ''].join('\n')
  return [
    { kind: 'directory', path: UNIT_DROP_INS },
    { kind: 'file', path: UNIT_DROP_IN, text, ...(secret ? { secret: true } : {}) },
  ]
}

function proxies(context: Ctx): [string, string][] {
  const { http_proxy: http, https_proxy: https, no_proxy: none } = context.config
  const given: [string, string | undefined][] = [
    ['HTTP_PROXY', http],
    ['HTTPS_PROXY', https],
  ]
  const set = given.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, isReference(value) ? context.secret(value) : value]],
  )
  return set.length === 0 ? [] : [...set, ['NO_PROXY', [...new Set([...ALWAYS, ...none])].join(',')]]
}

/** What CNI plugins reach as well, which inherit the daemon's environment (rancher/rke2#4924). */
const ALWAYS = ['localhost', '127.0.0.0/8', '::1', '.svc', '.cluster.local']

function isReference(value: string | undefined): boolean {
  return value !== undefined && /^(env|file):/.test(value)
}

/** systemd.syntax(7) and systemd.exec(5): quotes, backslashes, and specifiers. */
function quoted(assignment: string): string {
  return `"${assignment.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}
