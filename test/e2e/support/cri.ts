import { connect as connectHttp } from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestLab } from './labs.ts'

export interface CriQuestion {
  /** Below `runtime.v1` (k8s.io/cri-api): `RuntimeService/Status`. */
  method: string
  /** A message of protocol buffers; empty when absent. */
  message?: Buffer
  /** The socket below the node's root. */
  at?: string | undefined
}

/** Asks a node's CRI as the kubelet does, by Node's own HTTP/2. `said`: gRPC's own words, which are empty when all is well. */
export async function askCri(
  lab: TestLab,
  node: string,
  { method, message = Buffer.alloc(0), at = 'run/containerd/containerd.sock' }: CriQuestion,
): Promise<{ answer: Buffer; said: string }> {
  const socket = connect(join(await lab.root(node), at))
  const client = connectHttp('http://localhost', { createConnection: () => socket })
  try {
    const headers = { ':method': 'POST', ':path': `/runtime.v1.${method}`, te: 'trailers' }
    const request = client.request({ ...headers, 'content-type': 'application/grpc' })
    const length = Buffer.alloc(5) // not compressed
    length.writeUInt32BE(message.length, 1)
    request.end(Buffer.concat([length, message]))
    const said: string[] = []
    const hear = (heads: Record<string, unknown>) => said.push(String(heads['grpc-message'] ?? ''))
    request.on('response', hear)
    request.on('trailers', hear)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(Buffer.from(part))
    return { answer: Buffer.concat(parts), said: said.join('') }
  } finally {
    client.destroy()
  }
}

/** A field of a message: a text, a message within it, or a small number. */
export function field(number: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.from([number << 3, value])
  const bytes = Buffer.from(value)
  if (bytes.length > 127) throw new Error(`no length of one byte: ${bytes.length}`)
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
}
