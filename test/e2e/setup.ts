import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = ['lib', 'charms', 'build.js', 'package.json']

/** The tests run kcharm as a user does, built; it is built once, and only when its sources are younger. */
export default async function setup(): Promise<void> {
  const built = await changedAt(join(ROOT, 'oclif.manifest.json')) // written last
  const sources = await Promise.all(SOURCES.map((each) => newest(join(ROOT, each))))
  if (Math.max(...sources) < built) return
  await promisify(execFile)('nice', ['-n', '10', process.execPath, 'build.js'], { cwd: ROOT })
}

async function newest(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true }).catch(() => [])
  const times = await Promise.all([path, ...names.map((name) => join(path, name))].map(changedAt))
  return Math.max(...times)
}

async function changedAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.mtimeMs ?? 0
}
