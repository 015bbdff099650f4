import { textReading } from '../../lib/host/file.ts'
import type { View } from '../../lib/host/view.ts'
import { remembered } from '../../lib/model/memo.ts'
import type { Ctx } from './context.ts'
import { extraSettings } from './extra.ts'
import { CONFIG, type DaemonPlaces, liveTasksIn, SOCKET, STATE } from './observe.ts'
import { rancherOf, rancherPlaces } from './rancher.ts'
import { GRPC_ADDRESSES } from './toml/ids.ts'
import { leafKey } from './toml/parse.ts'
import { readConfig } from './toml/index.ts'

/** The daemon of this machine: that inside k3s or RKE2, else the usual one, at the address that it is configured for. */
export function placesOf(context: Ctx): DaemonPlaces {
  const rancher = rancherOf(context)
  return rancher ? rancherPlaces(rancher) : { bin: '', config: CONFIG, socket: socketOf(context) }
}

/** What others have to know of it, beside the socket, when it is not the usual one. */
export function publicPlaces({ bin, config, socket }: DaemonPlaces) {
  return { socket: `unix://${socket}`, ...(bin === '' ? {} : { programs: bin, config }) }
}

/** How many containers live on the usual daemon, as far as that can be known. */
export function liveTasksOf({ view }: Ctx): number {
  const state = mainFacts(view)?.state
  const count = view.peek(liveTasksIn(state !== undefined && isPath(state) ? state : STATE))
  return typeof count === 'number' ? count : 0
}

/** What `extra` sets goes before the main file, as its drop-in does. */
function socketOf({ config, view }: Ctx): string {
  const keys = GRPC_ADDRESSES.map(leafKey)
  const asked = extraSettings(config.extra).find(({ path }) => keys.includes(leafKey(path)))?.value
  const found = asked ?? mainFacts(view)?.socket
  return typeof found === 'string' && isPath(found) ? found : SOCKET
}

function mainFacts(view: View): { socket: string | undefined; state: string | undefined } | undefined {
  const text = view.peek(textReading(CONFIG))
  return typeof text === 'string' && text !== '' ? factsIn(text) : undefined
}

const factsIn = remembered((text: string) => {
  const { socket, state } = readConfig(text, { path: CONFIG })
  return { socket, state }
})

function isPath(text: string): boolean {
  return text.startsWith('/') && !text.split('/').includes('..')
}
