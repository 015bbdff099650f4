import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export const ROOT = join(import.meta.dirname, '../..')

export interface Ran {
  status: number | null
  stdout: string
  stderr: string
}

export interface Shell {
  /** Where kcharm runs; holds its state folder too. */
  folder: string
  /** Runs the built kcharm to its end, without a terminal. */
  kcharm(...args: string[]): Promise<Ran>
  start(...args: string[]): ReturnType<typeof spawn>
}

/** A user's shell in a folder of its own. Needs a build (npm run build). */
export function shell(env: Record<string, string> = {}): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'kcharm-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const start = (...args: string[]) => {
    const whole = { ...process.env, KCHARM_STATE: join(folder, 'state'), NO_COLOR: '1', ...env }
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    return spawn(process.execPath, [join(ROOT, 'bin/run.cjs'), ...args], { cwd: folder, env: whole, stdio: [...stdio] })
  }
  return { folder, start, kcharm: (...args) => ran(start(...args)) }
}

export async function ran(child: ReturnType<typeof spawn>): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}
