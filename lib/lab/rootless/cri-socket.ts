import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { NOBODY } from './identity.ts'

/**
 * Answers for a node's containerd, to whatever is asked, with the CRI's status. The socket lies beside the tree; the systemctl
 * stand-in links it into the tree while the service runs. `faults/not-ready`: RuntimeReady is false.
 */
export async function answerCri(root: string): Promise<Server> {
  const path = `${root}.cri`
  await rm(path, { force: true })
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(answer(!existsSync(join(root, 'faults/not-ready')))))
  })
  server.listen({ path, readableAll: true, writableAll: true })
  await once(server, 'listening')
  if (process.getuid?.() === 0) await chown(path, NOBODY, NOBODY) // only its owner may link it
  return server
}

/** SETTINGS, and DATA with a gRPC message StatusResponse{status{conditions{type, status}}} (CRI's api.proto, RFC 9113). */
function answer(ready: boolean): Buffer {
  const condition = Buffer.concat([field(1, Buffer.from('RuntimeReady')), Buffer.from([0x10, ready ? 1 : 0])])
  const message = field(1, field(1, condition))
  const grpc = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
  return Buffer.concat([frame(4, 0, Buffer.alloc(0)), frame(0, 1, grpc)])
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}

function frame(type: number, stream: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0, payload.length, type, 0, 0, 0, 0, stream]), payload])
}
