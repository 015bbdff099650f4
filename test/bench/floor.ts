import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import ssh2 from 'ssh2'

/**
 * The floor: plain ssh2, one process. Sends the recorded bytes to every node at once and throws the answers away.
 * Arguments: a folder with `command`, `request` and `key`, then the ports.
 */
const [folder = '', ...ports] = process.argv.slice(2)
const [command, request, privateKey] = ['command', 'request', 'key'].map((name) => readFileSync(`${folder}/${name}`))

void Promise.all(ports.map((port) => send(Number(port))))

function send(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.on('error', reject)
    client.on('ready', () => {
      client.exec(String(command), (error, channel) => {
        if (error) return reject(error)
        channel.on('data', () => undefined)
        channel.stderr.on('data', () => undefined)
        channel.on('close', () => {
          client.end()
          resolve()
        })
        channel.end(request)
      })
    })
    const sock = connect({ host: '127.0.0.1', port, noDelay: true })
    client.connect({ sock, username: 'root', privateKey: privateKey ?? '' })
  })
}
