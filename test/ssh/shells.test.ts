import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { EndedLate } from '../../lib/ssh/ended-late.ts'
import { rootlessNode } from './rootless-node.ts'
import { processesOf } from './processes.ts'
import { session } from './sessions.ts'
import { surroundings, SURROUNDINGS, type Surroundings } from './shells.ts'
import { startOperator } from './start-operator.ts'
import { workspace } from './workspace.ts'

describe.each(SURROUNDINGS)('%s', (name) => {
  const node = (): ReturnType<typeof rootlessNode> => rootlessNode({ path: surroundings(name, workspace()) })

  test('it is what it says', async () => {
    const opened = await session((await node()).target)
    const { shell, tool } = PROGRAMS[name]
    expect((await opened.run('readlink /proc/$$/exe')).stdout).toMatch(shell)
    expect((await opened.run('readlink /proc/self/exe')).stdout).toMatch(tool)
    expect((await opened.run('dpkg-query --version')).status === 0).toBe(name !== 'busybox alone')
  })

  test('scripts answer, fail, read nothing and are forgotten', async () => {
    const { root, target } = await node()
    const opened = await session(target)
    expect(await opened.run('echo "$R [$LC_ALL] $(umask) $#"; echo err >&2; exit 3')).toEqual({
      status: 3,
      stdout: `${root} [C] 0077 0\n`,
      stderr: 'err\n',
    })
    expect((await opened.run('x=1; if')).status).not.toBe(0)
    expect((await opened.run("echo 'never closed")).status).not.toBe(0)
    expect(await opened.run('cat; printf "%s" "[$x] ünï \\\\ \'q\' $PWD"')).toEqual({
      status: 0,
      stdout: `[] ünï \\ 'q' ${root}`,
      stderr: '',
    })
    const value = `it's "1" \\ $HOME\n`.repeat(20_000)
    expect((await opened.run(`cat <<'EOF'\n${value}EOF`)).stdout === value).toBe(true)
  })

  test('the lock is taken, refused, kept over steps, and let go', async () => {
    const { root, target } = await node()
    const [ann, bob] = [await session(target), await session(target)]
    await ann.lock('ann')
    await ann.run('exit 1')
    await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked', message: 'n1 is in use by ann' })
    await ann.close()
    expect(existsSync(join(root, 'run/kcharm'))).toBe(false)
    await bob.lock('bob')
    process.kill(Number((await bob.run('echo $$')).stdout), 'SIGKILL')
    const carl = await session(target)
    await vi.waitFor(() => carl.lock('carl'), { timeout: 20_000 })
  })

  test('the watchdog ends a session that hears nothing, and nothing of it stays', async () => {
    const { root, target } = await node()
    const operator = await startOperator({ target, silenceSeconds: 1 })
    operator.process.kill('SIGSTOP')
    await vi.waitUntil(() => !existsSync(join(root, 'run/kcharm')), { timeout: 20_000 })
    await vi.waitUntil(() => processesOf(root).length === 0, { timeout: 20_000 })
  })

  test('a step that hangs is ended with all below it, whatever that ignores; the session goes on, and the lock is kept', async () => {
    const { root, target } = await node()
    const [ann, bob] = [await session(target, { graceSeconds: 1 }), await session(target)]
    await ann.lock('ann')
    const stubborn = `sh -c 'trap "" TERM; (cd / && exec sleep 987) & sleep 987'`
    const late = ann.run(`: >"$R/before"; x=$(${stubborn} 2>&1); : >"$R/after"`, { deadlineMs: 1000 })
    await expect(late).rejects.toMatchObject({
      code: 'unit-failed',
      message: expect.stringMatching(HUNG) as string,
    })
    expect([existsSync(join(root, 'before')), existsSync(join(root, 'after'))]).toEqual([true, false])
    expect(processesOf(root).filter((command) => command.includes('987'))).toEqual([])
    expect(await ann.run('echo "next $#"')).toEqual({ status: 0, stdout: 'next 0\n', stderr: '' })
    await expect(bob.lock('bob')).rejects.toMatchObject({ code: 'locked' })
    await ann.close()
    await bob.lock('bob')
  })

  test('what somebody else runs, and what a step has handed over, is left in peace', async () => {
    const { root, target } = await node()
    const [ann, bob] = [await session(target, { graceSeconds: 1 }), await session(target)]
    const others = bob.run('until [ -e "$R/go" ]; do sleep 0.05; done; echo done')
    await ann.run('(sleep 986 </dev/null >/dev/null 2>&1 &)')
    await expect(ann.run('sleep 987', { deadlineMs: 1000 })).rejects.toBeInstanceOf(EndedLate)
    writeFileSync(join(root, 'go'), '')
    expect(await others).toMatchObject({ status: 0, stdout: 'done\n' })
    const daemon = processesOf(root).filter((command) => /\b986 $/.test(command))
    expect(daemon).toHaveLength(1)
    await ann.run(
      `for at in /proc/[0-9]*; do grep -qs '986' "$at/cmdline" && grep -qsF "$R" "$at/environ" && kill "\${at#/proc/}"; done`,
    )
  })

  test('uploads arrive', async () => {
    const { root, target } = await node()
    const opened = await session(target)
    const data = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7) % 256))
    await opened.upload({ data }, '/data', { mode: 0o640 })
    expect(readFileSync(join(root, 'data')).equals(data)).toBe(true)
    expect((await opened.run('stat -c %a "$R/data"')).stdout).toBe('640\n')
  })
})

/** A shell of busybox that is called in busybox has no command line of its own: what it waits for is named. */
const HUNG =
  /^n1: not done after 1 s, so it was ended: (?:sh -c .*|sleep 987) \(process \d+\), in it sleep 987 \(process \d+\)$/

/** Debian's busybox runs its own applets before it looks into PATH. */
const PROGRAMS: Record<Surroundings, { shell: RegExp; tool: RegExp }> = {
  dash: { shell: /\/dash$/m, tool: /\/readlink$/m },
  bash: { shell: /\/bash$/m, tool: /\/readlink$/m },
  busybox: { shell: /\/busybox$/m, tool: /\/busybox$/m },
  'busybox alone': { shell: /\/busybox$/m, tool: /\/busybox$/m },
  'dash with uutils': { shell: /\/dash$/m, tool: /\/coreutils$/m },
  'bash with uutils': { shell: /\/bash$/m, tool: /\/coreutils$/m },
}
