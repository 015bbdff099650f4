import { execFileSync } from 'node:child_process'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestLab } from './labs.ts'

/** A server that lets nobody in without the client's certificate; it writes down who asked for what, and has nothing. */
const SERVER = (port: number) => `
const { appendFileSync, readFileSync } = require('node:fs')
const read = (name) => readFileSync('/srv/tls/' + name)
const options = { key: read('server.key'), cert: read('server.pem'), ca: read('client.pem'), requestCert: true }
require('node:https').createServer(options, (request, response) => {
  appendFileSync('/srv/tls/asked', request.socket.getPeerCertificate().subject.CN + ' ' + request.url + '\\n')
  response.writeHead(404).end()
}).listen(${port}, '127.0.0.1')
`

export interface TlsRegistry {
  asked(): Promise<string>
  stop(): Promise<void>
}

/** Two certificates that sign themselves, with their keys: the server's, for localhost, and the client's. */
export function makeCertificates(folder: string): void {
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=the-machine'],
  ] as const) {
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
    const extension = ['-addext', 'subjectAltName=DNS:localhost']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', ['req', '-x509', ...key, '-subj', subject, ...extension, ...files], { stdio: 'ignore' })
  }
}

/** On a node, by this machine's own Node. */
export async function startTlsRegistry(lab: TestLab, node: string, at: { folder: string; port: number }) {
  await lab.sh(node, 'mkdir -p /srv/tls')
  const place = join(await lab.root(node), 'srv/tls')
  await copyFile(process.execPath, join(place, 'node'))
  for (const name of ['server.key', 'server.pem', 'client.pem']) {
    await copyFile(join(at.folder, name), join(place, name))
  }
  await writeFile(join(place, 'asked'), '')
  await writeFile(join(place, 'server.cjs'), SERVER(at.port))
  await lab.sh(
    node,
    `systemd-run -q --unit=tls-registry /srv/tls/node /srv/tls/server.cjs
    for i in 1 2 3 4 5 6 7 8 9; do perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new("127.0.0.1:${at.port}")' && exit; sleep 0.5; done; exit 1`,
  )
  return {
    asked: () => lab.sh(node, 'cat /srv/tls/asked'),
    stop: async () => void (await lab.sh(node, 'systemctl stop tls-registry; rm -r /srv/tls')),
  } satisfies TlsRegistry
}
