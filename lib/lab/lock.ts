import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Does the work while nobody else on this machine holds the lock of that name. The lock is a listening socket in Linux's
 * abstract namespace: it has no file, and the kernel frees it however its holder ends.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const held = await acquire(name)
  try {
    return await work()
  } finally {
    await new Promise((done) => held.close(done))
  }
}

async function acquire(name: string): Promise<Server> {
  for (;;) {
    const digest = createHash('sha256').update(name).digest('hex') // a socket's name ends at 108 bytes
    const server = await listen(`\0kcharm-lab ${digest}`)
    if (server) return server
    await sleep(50)
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => resolve(server))
  })
}
