import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { labDown, labStatus, labUp, nodeExec, nodePowerOff, nodePowerOn } from '../../../lib/lab/index.ts'
import { treesOf } from '../../../lib/lab/rootless/driver.ts'
import { parseInventory } from '../../../lib/model/inventory.ts'

const NAME = `rootless-${process.pid}`

/** A lab of these nodes, in a state folder of its own, that ends with the test. */
async function lab(nodes: number) {
  const state = mkdtempSync(join(tmpdir(), 'kcharm-lab-'))
  const before = process.env['XDG_STATE_HOME']
  process.env['XDG_STATE_HOME'] = state
  onTestFinished(async () => {
    await labDown(NAME)
    if (before === undefined) delete process.env['XDG_STATE_HOME']
    else process.env['XDG_STATE_HOME'] = before
    rmSync(state, { recursive: true, force: true })
  })
  return await labUp({ name: NAME, nodes, kind: 'rootless', base: 'bookworm', containerd: true, say: () => undefined })
}

test('a rootless lab comes up, is reached as its inventory says, and leaves nothing', async () => {
  const made = await lab(2)
  const { machines } = parseInventory(readFileSync(made.inventory, 'utf8'), { file: made.inventory, home: '/' })
  expect(machines.map(({ name, address, port }) => `${name} ${address} ${port}`)).toEqual(
    made.nodes.map(({ name, port }) => `${name} 127.0.0.1 ${port}`),
  )
  const said = await nodeExec({ lab: NAME, node: 'n2' }, [
    'sh',
    '-c',
    'id -u; ctr plugins ls | grep -c ok; containerd --version',
  ])
  expect(said.stdout).toMatch(/^[1-9]\d*\n3\ncontainerd \S+ 1\.6\.20/)
  const [{ nodes } = { nodes: [] }] = await labStatus(NAME)
  expect(nodes.map(({ node, state }) => `${node.name} ${state}`)).toEqual(['n1 up', 'n2 up'])
  expect(await labDown(NAME)).toBe(true)
  expect(existsSync(treesOf(made))).toBe(false)
  expect(existsSync(made.dir)).toBe(false)
})

test('its process is not root, and belongs to nobody that is', async () => {
  const made = await lab(1)
  const pid = readFileSync(join(made.dir, 'nodes.pid'), 'utf8')
  expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m)
  expect(statSync(join(treesOf(made), 'n1/root/etc')).uid).toBeGreaterThan(0)
})

test('a second up finds it, and power comes back to the same tree, ports and services, with /run empty', async () => {
  const made = await lab(1)
  const node = { lab: NAME, node: 'n1' }
  await nodeExec(node, ['sh', '-c', 'touch "$KCHARM_ROOT/etc/mine" "$KCHARM_ROOT/run/mine"'])
  expect(
    (await labUp({ name: NAME, nodes: 1, kind: 'rootless', base: 'bookworm', containerd: true, say: () => undefined }))
      .nodes,
  ).toEqual(made.nodes)
  await nodePowerOff(node)
  expect((await labStatus(NAME))[0]?.nodes[0]?.state).toBe('off')
  expect(await nodePowerOn(node)).toBe('running')
  const said = await nodeExec(node, [
    'sh',
    '-c',
    'cd "$KCHARM_ROOT"; ls etc/mine run/mine; systemctl is-active containerd',
  ])
  expect(said.stdout).toBe('etc/mine\nactive\n')
})
