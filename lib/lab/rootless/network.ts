import { connect, createServer, type Socket } from 'node:net'

/** What may be wrong with a rootless node. */
export interface Faults {
  /** Round trip time: each direction takes half of it. */
  delayMs?: number
  /** The connection is cut when the node has sent so many bytes on it. */
  dropAfterBytes?: number
  /** No command is accepted. */
  refuseExec?: boolean
  /** Commands are accepted and nothing follows. */
  hang?: boolean
}

/** Puts a slow or failing line between the client and the server, which gets the other end of it. */
export function impair(outer: Socket, faults: Faults, serve: (inner: Socket) => void): void {
  const hop = createServer({ noDelay: true }, (inner) => {
    hop.close()
    inner.on('error', () => undefined)
    serve(inner)
  })
  hop.listen(0, '127.0.0.1', () => {
    const address = hop.address()
    if (address === null || typeof address === 'string') return outer.destroy()
    const line = connect({ host: '127.0.0.1', port: address.port, noDelay: true })
    line.on('error', () => undefined)
    forward(outer, line, faults)
    forward(line, outer, faults)
    cutAfter(line, outer, faults)
  })
}

function forward(from: Socket, to: Socket, faults: Faults): void {
  const later = (task: () => void): void => {
    if (faults.delayMs) setTimeout(task, faults.delayMs / 2)
    else task()
  }
  from.on('data', (chunk) => later(() => to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('close', () => later(() => to.destroy()))
}

function cutAfter(line: Socket, outer: Socket, faults: Faults): void {
  let sent = 0
  line.on('data', (chunk) => {
    sent += chunk.length
    if (faults.dropAfterBytes === undefined || sent < faults.dropAfterBytes) return
    line.destroy()
    outer.destroy()
  })
}
