import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderStore } from '../../lib/state/folder-store.ts'
import type { StoredModel } from '../../lib/state/stored-model.ts'
import { folder, storedModel } from './folder.ts'

const full: StoredModel = {
  ...storedModel(),
  bundle: {
    applications: { kata: ['kata'] },
    relations: ['kata:runtime containerd:handlers'],
    machines: ['n1'],
    bound: { a: 'n1' },
  },
  inventory: {
    file: '/i.yaml',
    machines: [{ name: 'n1', address: 'h', ownAddress: 'h', port: 22, user: 'root', knownHosts: '/k', tags: ['t'] }],
  },
  visited: '2026-01-01T00:00:00.000Z',
  units: [
    {
      machine: 'n1',
      record: {
        unit: 'kata/0',
        app: 'kata',
        charm: 'kata',
        state: 'active',
        version: '3.20.0',
        bags: { runtime: { handlers: [] } },
        options: { shims: ['qemu'] },
        set: ['shims'],
        links: [{ endpoint: 'runtime', peer: 'containerd/0', remote: 'handlers' }],
        fault: { message: 'no' },
      },
      status: 'active',
      message: 'fine',
      seen: '2026-01-01T00:00:00.000Z',
    },
  ],
  faults: { n2: { code: 'connection', message: 'gone', hint: 'look' } },
  hints: { n1: [{ key: 'svc:containerd', reads: ['file:/a'] }] },
}

test('what is stored comes back as it was', async () => {
  const store = folderStore(folder())
  expect(await store.read('default')).toBeUndefined()
  await store.write(full)
  expect(await store.read('default')).toEqual(full)
  expect(await store.read('other')).toBeUndefined()
})

test('the model is for its owner alone, and no temporary file stays', async () => {
  const root = folder()
  await folderStore(root).write(storedModel())
  const place = join(root, 'models', 'default')
  expect(statSync(join(place, 'model.json')).mode & 0o777).toBe(0o600)
  expect(statSync(place).mode & 0o777).toBe(0o700)
  expect(readdirSync(place)).toEqual(['model.json'])
})

test('a write that cannot be finished leaves the old model and no rest', async () => {
  const root = folder()
  const store = folderStore(root)
  await store.write(storedModel())
  const place = join(root, 'models', 'default')
  const before = readFileSync(join(place, 'model.json'), 'utf8')
  mkdirSync(join(root, 'models', 'busy', 'model.json'), { recursive: true })
  await expect(store.write(storedModel('busy'))).rejects.toThrow()
  expect(readdirSync(join(root, 'models', 'busy'))).toEqual(['model.json'])
  expect(readFileSync(join(place, 'model.json'), 'utf8')).toBe(before)
})

describe('a record that cannot be read is refused, with the way back', () => {
  test.each([
    ['torn', '{"version": 1, "mod'],
    ['of a later version', JSON.stringify({ ...storedModel(), version: 2 })],
    ['with a field that is not known', JSON.stringify({ ...storedModel(), more: true })],
    ['without its model', JSON.stringify({ ...storedModel(), model: undefined })],
  ])('%s', async (_name, text) => {
    const root = folder()
    mkdirSync(join(root, 'models', 'default'), { recursive: true })
    writeFileSync(join(root, 'models', 'default', 'model.json'), text)
    await expect(folderStore(root).read('default')).rejects.toMatchObject({
      code: 'no-model',
      detail: { hint: expect.stringContaining('kcharm deploy bundle') as string },
    })
  })
})
