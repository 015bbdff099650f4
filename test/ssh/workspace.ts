import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { NOBODY } from '../../lib/lab/rootless/identity.ts'

/** A folder that goes with the test. */
export function workspace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-ssh-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A file tree that a rootless node may own. */
export function nodeTree(folder: string, name = 'root'): string {
  const root = join(folder, name)
  mkdirSync(root)
  if (process.getuid?.() === 0) chownSync(root, NOBODY, NOBODY)
  return root
}

export interface Key {
  file: string
  private: string
  public: string
}

export function makeKey(folder: string, name: string, { type = 'ed25519', passphrase = '' } = {}): Key {
  const file = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', file])
  return { file, private: readFileSync(file, 'utf8'), public: readFileSync(`${file}.pub`, 'utf8') }
}
