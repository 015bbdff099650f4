import { setTimeout } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConnectionLost } from '../../lib/ssh/connection-lost.ts'
import type { Session, SessionOptions } from '../../lib/ssh/session.ts'
import { rootlessNode } from './rootless-node.ts'
import { session } from './sessions.ts'
import { workspace } from './workspace.ts'

/** A machine whose login shell is this script instead. `$m` is the session's marker. */
async function liar(script: string, options: Partial<SessionOptions> = {}): Promise<Session> {
  const shell = join(workspace(), 'liar')
  const marker = `while read -r l; do case $l in kcharm_marker=*) m=\${l#*=}; break;; esac; done`
  writeFileSync(shell, `#!/bin/sh\n${marker}\n${script}\n`, { mode: 0o755 })
  return session((await rootlessNode({ shell })).target, options)
}

const message = (reason: string): object => ({
  code: 'connection',
  message: `n1: the machine does not answer as it should: ${reason}`,
})

test('endless noise instead of an answer', async () => {
  await expect((await liar('yes')).run('true')).rejects.toMatchObject(message('endless output outside of any answer'))
  await expect((await liar('yes >&2')).run('true')).rejects.toMatchObject(
    message('endless output outside of any answer'),
  )
})

test('an answer without an end, on one line', async () => {
  const node = await liar(`printf '%s[' "$m"; cat /dev/zero`, { outputLimit: 1_000_000 })
  await expect(node.run('true')).rejects.toMatchObject(message('an answer of more than 1000000 bytes'))
})

test('an endless complaint inside an answer', async () => {
  const node = await liar(`printf '%s[' "$m"; printf '%s[' "$m" >&2; exec yes >&2`, { outputLimit: 1_000_000 })
  await expect(node.run('true')).rejects.toMatchObject(message('an answer of more than 1000000 bytes'))
})

test('a line without an end, where lines are followed: what is kept of it is bounded', async () => {
  const node = await liar(
    `printf '%s[' "$m"; head -c 30000000 /dev/zero | tr '\\0' x; printf '\\nshort\\n%s]0\\n' "$m"; printf '%s[%s]0\\n' "$m" "$m" >&2; sleep 30`,
  )
  const lines: number[] = []
  await node.run('true', { onLine: (line) => lines.push(line.length) })
  expect(lines).toEqual([64 * 1024, 5])
})

test.each(['x', '1234', '-1', ' 0', ''])('a status that is none: "%s"', async (status) => {
  const node = await liar(`printf '%s[out%s]%s\\n' "$m" "$m" '${status}'; sleep 30`)
  await expect(node.run('true')).rejects.toMatchObject(message('an answer ended without a status'))
})

test('an answer that nobody asked for', async () => {
  const node = await liar(
    `printf '%s[%s]0\\n%s[%s]0\\n' "$m" "$m" "$m" "$m"; printf '%s[%s]0\\n' "$m" "$m" >&2; sleep 30`,
  )
  await node.run('true').catch(() => undefined)
  await setTimeout(500) // what comes after the next question is taken for its answer
  await expect(node.run('true')).rejects.toMatchObject(message('an answer without a question'))
})

test('nothing at all: given up at the deadline of the login', async () => {
  const node = await liar('sleep 30', { deadlineMs: 1500 })
  await expect(node.run('true')).rejects.toMatchObject({
    code: 'connection',
    message: 'n1: the shell did not answer within 1.5 s',
  })
})

test('an answer that stops in the middle', async () => {
  const node = await liar(`printf '%s[out' "$m"; exit 0`)
  await expect(node.run('true')).rejects.toBeInstanceOf(ConnectionLost)
})

test('commands that are refused, and commands that never start', async () => {
  const refusing = await rootlessNode({ faults: { refuseExec: true } })
  await expect(session(refusing.target)).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining('n1: the machine refused to run a command') as string,
  })
  const hanging = await rootlessNode({ faults: { hang: true } })
  const node = await session(hanging.target, { deadlineMs: 1500 })
  await expect(node.run('true')).rejects.toMatchObject({ code: 'connection' })
})
