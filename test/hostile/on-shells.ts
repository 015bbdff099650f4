import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { blobPath } from '../../lib/host/archive.ts'
import { path, quote } from '../../lib/host/shell.ts'
import { packTar } from '../../lib/lab/archives/tar.ts'
import { sha256 } from '../../lib/model/json.ts'
import { testMachine } from '../host/machine.ts'
import { surroundings } from '../ssh/shells.ts'
import { workspace } from '../ssh/workspace.ts'
import { chunks, hostile } from './values.ts'

export type Shell = 'dash' | 'bash' | 'busybox'

/** Scripts as a session runs them: from standard input, quoted once more for `eval`. */
function run(shell: Shell, folder: string, PATH: string, script: string): Buffer {
  const input = `(eval ${quote(script)}) </dev/null\n`
  const { status, stdout, stderr } = spawnSync('sh', ['-s'], {
    env: { PATH, LC_ALL: 'C', R: folder },
    cwd: folder,
    input,
    maxBuffer: 2 ** 28,
  })
  expect([status, stderr.toString()], shell).toEqual([0, ''])
  return stdout
}

/** Every word comes back as it was given; how many there were. */
export function words(shell: Shell, seed: number, count: number): number {
  const folder = workspace()
  const PATH = surroundings(shell, folder)
  for (const values of chunks(hostile(seed)(count), 2500)) {
    const said = run(shell, folder, PATH, `printf '%s\\0' ${values.map(quote).join(' ')}`)
    expect(said.equals(Buffer.from(values.map((each) => `${each}\0`).join(''))), shell).toBe(true)
  }
  expect(existsSync(join(folder, 'pwned'))).toBe(false)
  return count
}

/** Every file lies where its name says, and there is no other. */
export function places(shell: Shell, seed: number, count: number): number {
  const folder = workspace()
  const PATH = surroundings(shell, folder)
  mkdirSync(join(folder, 'd'))
  const names = hostile(seed)(count)
    .map((each) => each.replaceAll('/', '_'))
    .filter((each) => Buffer.byteLength(each) <= 250)
  for (const some of chunks(names, 1000)) {
    run(shell, folder, PATH, some.map((name) => `: >${path(`/d/${name}`)}`).join('\n'))
  }
  expect(readdirSync(join(folder, 'd')).toSorted()).toEqual(names.toSorted())
  expect(readdirSync(folder).filter((name) => !name.startsWith('bin-'))).toEqual(['d'])
  return names.length
}

/** An archive whose entries have such names: each lies in the tree that it belongs to, or the whole is refused. */
export async function entries(shell: Shell, seed: number, count: number): Promise<number> {
  const names = hostile(seed)(count)
    .map((each) => each.replaceAll('/', '_'))
    .filter((each) => Buffer.byteLength(each) <= 80 && !/[\r\n]/.test(each))
  const on = await testMachine(shell)
  const bytes = packTar([{ path: 'opt/kata' }, ...names.map((name) => ({ path: `opt/kata/${name}`, file: name }))])
  const sha = sha256(bytes)
  const place = join(on.root, blobPath(sha))
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, bytes)
  const blob = { sha256: sha, size: bytes.length, from: 'test', name: 'kata.tar' }
  on.make({ kind: 'archive', path: '/opt/kata-1', blob, prefix: 'opt/kata' })
  expect(readdirSync(join(on.root, 'opt/kata-1')).toSorted()).toEqual(names.toSorted())
  expect(existsSync(join(on.root, 'pwned'))).toBe(false)
  return names.length
}
