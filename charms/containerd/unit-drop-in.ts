import { KcharmError } from '../../lib/errors/index.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { isReference } from '../../lib/model/secret-references.ts'
import type { Ctx } from './context.ts'
import { noProxy } from './no-proxy.ts'
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
    {
      kind: 'file',
      path: UNIT_DROP_IN,
      text,
      ...(environment.length > 0 && noProxy(context).machines > 0 ? { why: MACHINES_WHY } : {}),
      ...(secret ? { secret: true } : {}),
    },
  ]
}

const MACHINES_WHY = 'NO_PROXY names the machines of the model: one more or less changes it, and restarts containerd'

function proxies(context: Ctx): [string, string][] {
  const { http_proxy: http, https_proxy: https } = context.config
  const given: [string, string | undefined][] = [
    ['HTTP_PROXY', http],
    ['HTTPS_PROXY', https],
  ]
  const set = given.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, isReference(value) ? oneLine(name, value, context.secret(value)) : value]],
  )
  return set.length === 0 ? [] : [...set, ['NO_PROXY', noProxy(context).text]]
}

/** Another line would be another setting of the unit. */
function oneLine(name: string, reference: string, secret: string): string {
  if (!/\p{Cc}/u.test(secret)) return secret
  throw new KcharmError(
    'invalid-option',
    `${name.toLowerCase()}: ${reference} holds more than one line, or a control character`,
    {
      hint: 'expected a URL',
    },
  )
}

/** systemd.syntax(7) and systemd.exec(5): quotes, backslashes, and specifiers. */
function quoted(assignment: string): string {
  return `"${assignment.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}
