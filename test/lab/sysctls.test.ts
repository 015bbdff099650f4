import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { restoreSysctls, saveSysctls, type SysctlPlaces } from '../../lib/lab/nspawn/sysctls.ts'

let places: SysctlPlaces

async function set(name: string, value: string): Promise<void> {
  await mkdir(join(places.proc, dirname(name)), { recursive: true })
  await writeFile(join(places.proc, name), `${value}\n`)
}

async function get(name: string): Promise<string> {
  return (await readFile(join(places.proc, name), 'utf8')).trim()
}

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kcharm-sysctls-'))
  places = { proc: join(folder, 'proc'), saved: join(folder, 'run', 'sysctls.json') }
  await set('kernel/panic', '1')
  await set('vm/swappiness', '60')
  await set('fs/inotify/max_user_instances', '128')
  await set('fs/inotify/max_user_watches', '9000000')
  return () => rm(folder, { recursive: true })
})

test('values that nodes changed or that were raised for them are as before afterwards', async () => {
  await saveSysctls(places)
  expect(await get('fs/inotify/max_user_instances')).toBe('8192')
  expect(await get('fs/inotify/max_user_watches')).toBe('9000000')
  await set('kernel/panic', '10')
  await restoreSysctls(places)
  expect(await get('kernel/panic')).toBe('1')
  expect(await get('fs/inotify/max_user_instances')).toBe('128')
  await expect(stat(dirname(places.saved))).rejects.toThrow()
})

test('a second lab does not take the first one’s values for the machine’s', async () => {
  await saveSysctls(places)
  await set('kernel/panic', '10')
  await saveSysctls(places)
  await restoreSysctls(places)
  expect(await get('kernel/panic')).toBe('1')
})

test('where nothing was noted nothing is put back', async () => {
  await set('kernel/panic', '10')
  await restoreSysctls(places)
  expect(await get('kernel/panic')).toBe('10')
})
