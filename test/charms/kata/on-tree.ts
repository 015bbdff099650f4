import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { READING_PRELUDE } from '../../../lib/host/prelude.ts'
import type { Reading } from '../../../lib/host/view.ts'

/**
 * What a reading makes of a tree of files that stands for a machine; a link is written `-> TARGET`, a program begins with
 * `#!`; those in /stubs come before the real ones. */
export function readOn<T>(reading: Reading<T>, files: Record<string, string>): T {
  const root = treeOf(files)
  const script = `R=${root} PATH=${root}/stubs:$PATH\n${READING_PRELUDE}\n${reading.script}`
  return reading.parse(execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: 'pipe' }).replace(/\n+$/, ''))
}

export function treeOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'kcharm-kata-'))
  onTestFinished(() => {
    rmSync(root, { recursive: true })
  })
  for (const [name, text] of Object.entries({ '/opt/x': '', ...files })) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), path)
    else writeFileSync(path, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
  return root
}
