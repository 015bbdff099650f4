import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a node's SSH server that a test may cut, or let swallow everything. */
export interface Wire {
  port: number
  /** Both ends see it. */
  cut(): void
  /** From now on nothing arrives on either end, not even that an end has gone. */
  freeze(): void
  /** What was held back arrives. */
  thaw(): void
  close(): Promise<void>
}

export async function layWire(to: number): Promise<Wire> {
  const pairs = new Set<[Socket, Socket]>()
  let frozen = false
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (outer) => {
    const inner = connect({ host: '127.0.0.1', port: to, noDelay: true, allowHalfOpen: true })
    const pair: [Socket, Socket] = [outer, inner]
    pairs.add(pair)
    for (const [from, into] of [pair, [inner, outer] as const]) {
      from.on('data', (part) => into.write(part))
      from.on('end', () => !frozen && into.end())
      from.on('error', () => undefined)
      from.on('close', () => !frozen && into.destroy())
      if (frozen) from.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const all = () => [...pairs].flat()
  const cut = (): void => {
    for (const socket of all()) socket.destroy()
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    freeze() {
      frozen = true
      for (const socket of all()) socket.pause()
    },
    thaw() {
      frozen = false
      for (const socket of all()) socket.resume()
    },
    async close() {
      frozen = false
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
