import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { workspace } from './workspace.ts'

/** The rootless node hands the command to the login shell as sshd does. */
describe.each(['dash', 'bash', 'zsh', 'fish', 'tcsh', 'busybox sh'])('login shell %s', (name) => {
  const node = async (): ReturnType<typeof rootlessNode> => {
    const shell = name === 'busybox sh' ? busyboxShell() : name
    return rootlessNode({ shell })
  }

  test.each([false, 'auto'] as const)('sudo: %s', async (sudo) => {
    const opened = await session((await node()).target, { sudo })
    expect(await opened.run(`echo "it's \\$HOME ! \\\\ $((1 + 1))"; exit 3`)).toEqual({
      status: 3,
      stdout: "it's $HOME ! \\ 2\n",
      stderr: '',
    })
    await opened.upload({ data: Buffer.from('x\ny') }, "/o'dd !1 name")
    expect((await opened.run(`cat "$R/o'dd !1 name"`)).stdout).toBe('x\ny')
  })
})

test('a noisy startup file of bash is no part of any answer', async () => {
  const rc = join(workspace(), 'rc')
  writeFileSync(rc, 'echo welcome; echo "tput: no terminal" >&2\n')
  const { target } = await rootlessNode({ shell: 'bash', env: { BASH_ENV: rc } })
  const opened = await session(target)
  expect(await opened.run('echo out; echo err >&2')).toEqual({ status: 0, stdout: 'out\n', stderr: 'err\n' })
  await opened.upload({ data: Buffer.from('whole') }, '/file')
  expect((await opened.run('cat "$R/file"')).stdout).toBe('whole')
})

function busyboxShell(): string {
  const file = join(workspace(), 'sh')
  writeFileSync(file, '#!/bin/sh\nexec /bin/busybox sh "$@"\n', { mode: 0o755 })
  return file
}
