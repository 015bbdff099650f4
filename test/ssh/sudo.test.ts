import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandLine } from '../../lib/ssh/command-line.ts'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { workspace } from './workspace.ts'

/** A folder with a stand-in for sudo. The real one, with real users: test/e2e/ssh-logins.test.ts. */
function standIn(script: string): string {
  const bin = join(workspace(), 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'sudo'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return bin
}

test.each([
  ['a password is asked for', 'sudo: a password is required'],
  ['requiretty', 'sudo: sorry, you must have a tty to run sudo'],
  ['not in sudoers', 'op is not in the sudoers file.\nsudo: unable to continue'],
])('a refused sudo says what is needed and what sudo said: %s', async (_, words) => {
  const { target } = await rootlessNode({ binDir: standIn(`printf '%s\\n' '${words}' >&2; exit 1`) })
  const node = await session(target, { sudo: true })
  await expect(node.run('true')).rejects.toMatchObject({
    code: 'auth',
    message: `n1: sudo without a password is needed for op and was refused:\n${words}`,
    detail: { machine: 'n1', hint: expect.stringContaining('op ALL=(ALL) NOPASSWD: ALL') as string },
  })
})

test('a machine without sudo', async () => {
  const { target } = await rootlessNode({ path: join(workspace()), shell: '/bin/sh' })
  await expect((await session(target, { sudo: true })).run('true')).rejects.toMatchObject({
    code: 'auth',
    message: expect.stringMatching(/sudo.*not found/) as string,
  })
})

test('the work goes through sudo, and nothing of it is in its arguments', async () => {
  const bin = standIn(`printf '%s\\n' "$*" >>"$KCHARM_ROOT/log"; shift; export ELEVATED=yes; exec "$@"`)
  const { target } = await rootlessNode({ binDir: bin })
  const node = await session(target, { sudo: true })
  expect((await node.run('echo "$ELEVATED secret"')).stdout).toBe('yes secret\n')
  await node.upload({ data: Buffer.from('secret') }, '/file')
  expect((await node.run('cat "$R/log"')).stdout).toBe(`-n sh -s\n-n sh -c read -r k && eval "$k"\n`)
})

test('auto: sudo where it is needed, none on a rootless node', async () => {
  const refuse = standIn('echo "sudo: a password is required" >&2; exit 1')
  const rootless = await rootlessNode({ binDir: refuse })
  expect((await (await session(rootless.target, { sudo: 'auto' })).run('echo in')).stdout).toBe('in\n')
  const plain = await rootlessNode({ binDir: refuse, env: { KCHARM_ROOT: '' } })
  await expect((await session(plain.target, { sudo: 'auto' })).run('echo in')).rejects.toMatchObject({ code: 'auth' })
})

test('the command line is one that every login shell reads alike', () => {
  for (const sudo of [true, false, 'auto'] as const) {
    for (const program of ['session', 'upload'] as const) {
      expect(commandLine(sudo, program)).not.toMatch(/[!\\\n`]/)
    }
  }
})
