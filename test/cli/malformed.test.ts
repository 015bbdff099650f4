import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BUNDLES } from '../hostile/good-files.ts'
import { mutants } from '../hostile/mutants.ts'
import { shell } from './kcharm.ts'

/** A machine that hangs up on everybody, and counts them. */
async function door(): Promise<{ port: number; knocks(): number }> {
  let knocks = 0
  const server = createServer((socket) => {
    knocks++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, knocks: () => knocks }
}

test('a malformed file is refused with its place, exit status 3, and nobody knocks', async () => {
  const { port, knocks } = await door()
  const { folder, kcharm } = shell({ HOME: '/nonexistent' })
  const good = `machines: [{ name: n1, address: 127.0.0.1, port: ${port}, user: x, password: "command:echo x" }]\n`
  const deploy = async (bundle: string, inventory: string) => {
    writeFileSync(join(folder, 'bundle.yaml'), bundle)
    writeFileSync(join(folder, 'inventory.yaml'), inventory)
    return await kcharm('deploy', 'bundle', 'bundle.yaml', '--inventory', 'inventory.yaml', '--yes')
  }
  const all = mutants(7, 500)
  for (const { which, operator, text } of Array.from({ length: 10 }, (_, at) => all[at * 49]).flatMap(
    (each) => each ?? [],
  )) {
    const [bundle, inventory] = which === 'bundle' ? [text, good] : [BUNDLES[0] ?? '', text]
    const { status, stdout, stderr } = await deploy(bundle, inventory)
    expect([status, stdout], `${operator}: ${stderr}`).toEqual([3, ''])
    expect(stderr, operator).toMatch(new RegExp(`^ {2}\\S*${which}\\.yaml:\\d+:\\d+: `, 'm'))
    expect(stderr, operator).not.toContain('    at ')
  }
  expect(knocks()).toBe(0)
  expect((await deploy(BUNDLES[0] ?? '', good)).status).not.toBe(0)
  expect(knocks()).toBeGreaterThan(0)
})
