import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { forward } from '../../lib/lab/nspawn/forward.ts'

let process_: ChildProcess | undefined

afterEach(() => {
  process_?.kill('SIGKILL')
})

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

/** The forwarding process as a lab starts it, for one port, which we no longer hold ourselves. */
async function startForwarding(to: number): Promise<number> {
  process_ = spawn(process.execPath, ['-e', `(${forward.toString()})()`], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const server = createServer()
  const port = await listening(server)
  process_.send({ host: '127.0.0.1', port: to }, server)
  await once(process_, 'message')
  process_.send('that is all')
  await once(process_, 'message')
  process_.disconnect()
  server.close()
  return port
}

test('from its own text, it carries bytes both ways and lives on when its maker has let go', async () => {
  const node = createServer((socket) => {
    socket.write('SSH-2.0-test\r\n')
    socket.once('data', (asked) => socket.end(`you said ${asked.toString()}`))
  })
  const port = await startForwarding(await listening(node))
  for (const word of ['one', 'two']) {
    const client = connect(port, '127.0.0.1')
    client.write(word)
    expect(await text(client)).toBe(`SSH-2.0-test\r\nyou said ${word}`)
  }
  node.close()
})

test('a node that is off is a connection that breaks, not one that waits', async () => {
  const closed = createServer()
  const nobody = await listening(closed)
  closed.close()
  const port = await startForwarding(nobody)
  const client = connect(port, '127.0.0.1')
  await expect(text(client)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('it ends by itself when its maker dies before it has told all', async () => {
  process_ = spawn(process.execPath, ['-e', `(${forward.toString()})()`], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const server = createServer()
  await listening(server)
  process_.send({ host: '127.0.0.1', port: 1 }, server)
  await once(process_, 'message')
  process_.disconnect()
  server.close()
  expect(await once(process_, 'exit')).toEqual([1, null])
})
