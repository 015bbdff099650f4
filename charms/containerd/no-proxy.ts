import { isWithin } from '../../lib/model/addresses.ts'
import { blocked, type Ctx, type Out } from './context.ts'

/** What CNI plugins reach as well, which inherit the daemon's environment (rancher/rke2#4924). */
const ALWAYS = ['localhost', '127.0.0.0/8', '::1', '.svc', '.cluster.local']

/** More would make each unit's text as long as the model is large. */
const MOST = 256

/** Why so many machines are not named one by one, or nothing. */
export function refusedNoProxy(context: Ctx): Out | undefined {
  const { http_proxy: http, https_proxy: https } = context.config
  if ((http === undefined && https === undefined) || noProxy(context).machines <= MOST) return undefined
  return blocked(
    `NO_PROXY would name ${noProxy(context).machines} addresses of the model’s machines one by one`,
    `name their networks in no_proxy, such as 10.0.0.0/8: what lies in one is not named besides`,
  )
}

export interface NoProxy {
  text: string
  /** How many addresses of the model's machines are in it: the registries, kubelets and API that live there. */
  machines: number
}

/** What the daemon reaches without its proxy. Worked out once for all units with the same option. */
export function noProxy({ addresses, config: { no_proxy: given } }: Ctx): NoProxy {
  const lists = known.get(addresses) ?? new Map<string, NoProxy>()
  known.set(addresses, lists)
  const key = given.join(',')
  const list = lists.get(key) ?? made(addresses, given)
  lists.set(key, list)
  return list
}

const known = new WeakMap<readonly string[], Map<string, NoProxy>>()

function made(addresses: readonly string[], given: string[]): NoProxy {
  const named = [...new Set([...ALWAYS, ...given])]
  const networks = named.filter((each) => each.includes('/'))
  const machines = addresses.filter(
    (address) => !named.includes(address) && !networks.some((network) => isWithin(address, network)),
  )
  return { text: [...named, ...machines].join(','), machines: machines.length }
}
