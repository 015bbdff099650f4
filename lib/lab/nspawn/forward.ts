import type { Server, Socket } from 'node:net'

/**
 * The program of the lab's forwarding process. It is started from its own text (`node -e`), inside the lab's network, so it may
 * use nothing from outside of itself. Each message brings a listening socket made in the machine's network, and where what
 * it accepts is to go, the last one that there are no more: a socket stays in the network it was made in, wherever its process is.
 */
export function forward(): void {
  const net = process.getBuiltinModule('node:net')
  const connect = (client: Socket, host: string, port: number): void => {
    const node = net.connect({ host, port, noDelay: true })
    client.setNoDelay(true)
    const cut = (): void => {
      client.resetAndDestroy()
      node.destroy()
    }
    const patience = setTimeout(cut, 3000) // a node that is off says nothing at all
    node.once('connect', () => clearTimeout(patience))
    client.on('error', cut).pipe(node)
    node.on('error', cut).pipe(client)
  }
  let whole = false
  process.on('message', (target: { host: string; port: number } | 'that is all', server: Server) => {
    if (target === 'that is all') whole = true
    else server.on('connection', (client) => connect(client, target.host, target.port))
    process.send?.('taken')
  })
  process.on('disconnect', () => {
    if (!whole) process.exit(1) // whoever started us was killed in the middle
  })
}
