import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { labNames, newLab, readLab, requireLab, withPorts, writeLab } from '../../lib/lab/record.ts'
import { planLab } from '../../lib/lab/wish.ts'

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kcharm-labs-'))
  process.env['XDG_STATE_HOME'] = folder
  return () => rm(folder, { recursive: true })
})

test('what is about to be made is read back, with the ports once they are known', async () => {
  const lab = await newLab(
    planLab({
      name: 'one',
      nodes: [
        { name: 'a', tags: ['x'] },
        { name: 'b', base: 'bookworm', containerd: true },
      ],
    }),
  )
  expect(await readLab('one')).toEqual(lab)
  await writeLab(withPorts(lab, [40001, 40002]))
  const again = await requireLab('one')
  expect(again.nodes.map(({ name, port, ownAddress }) => [name, port, ownAddress])).toEqual([
    ['a', 40001, '10.77.0.11'],
    ['b', 40002, '10.77.0.12'],
  ])
  expect(await readFile(join(again.dir, 'lab.json'), 'utf8')).not.toContain('.new')
})

test('two labs have ids of their own', async () => {
  const ids = await Promise.all(['one', 'two'].map(async (name) => (await newLab(planLab({ name, nodes: 1 }))).id))
  expect(new Set(ids).size).toBe(2)
  expect(ids.every((id) => /^[0-9a-f]{6}$/.test(id))).toBe(true)
  expect(await labNames()).toEqual(['one', 'two'])
})

test('a lab that does not exist is refused with those that do', async () => {
  await expect(requireLab('three')).rejects.toMatchObject({
    code: 'not-found',
    detail: { hint: 'kcharm lab up makes one.' },
  })
  await newLab(planLab({ name: 'one', nodes: 1 }))
  await expect(requireLab('three')).rejects.toMatchObject({
    message: 'there is no lab named three',
    detail: { hint: 'There is: one' },
  })
})
