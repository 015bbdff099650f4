import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildSync } from 'esbuild'
import { onTestFinished } from 'vitest'
import type { Errand } from './operator.ts'
import { workspace } from './workspace.ts'

export interface Operator {
  process: ChildProcess
  pid: number
}

/** Another process that holds the lock, and runs a script if one is given; returns when it has printed `until`. */
export async function startOperator(errand: Errand, { until = 'locked' } = {}): Promise<Operator> {
  const program = join(workspace(), 'operator.cjs')
  buildSync({
    entryPoints: [join(import.meta.dirname, 'operator.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    external: ['cpu-features', '*.node'],
  })
  const child = spawn(process.execPath, [program, JSON.stringify(errand)], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === until && child.pid !== undefined) return { process: child, pid: child.pid }
  }
  throw new Error(`the operator ended before it said "${until}"`)
}
