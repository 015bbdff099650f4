import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect } from 'vitest'
import { z } from 'zod'

export const ROOT = join(import.meta.dirname, '../../..')
const RUN = join(ROOT, 'bin/run.cjs')

/** A started kcharm, without standard input. */
export type Child = ChildProcessByStdio<null, Readable, Readable>

export interface Ran {
  status: number
  stdout: string
  stderr: string
}

/** Somebody who works with kcharm: a folder of their own for bundles, and in it the state folder. */
export interface Operator {
  folder: string
  state: string
  /** Runs kcharm to its end, whatever that is. */
  run(...args: string[]): Promise<Ran>
  /** Runs kcharm, expects this exit status, and gives what `--json` printed. */
  json(status: number, ...args: string[]): Promise<Result>
  /** For what is watched or ended while it runs. */
  start(...args: string[]): Child
  write(name: string, text: string): Promise<string>
  /** Takes the folder away. */
  leave(): Promise<void>
}

const ERROR = z.looseObject({ code: z.string(), message: z.string(), hint: z.string().optional() })

/** What the tests look at in the answers of `--json`. */
const RESULT = z.looseObject({
  result: z.string().optional(),
  machines: z
    .array(
      z.looseObject({
        machine: z.string(),
        changes: z.array(z.looseObject({ key: z.string(), unit: z.string(), verb: z.string() })),
      }),
    )
    .optional(),
  units: z
    .array(z.looseObject({ unit: z.string(), machine: z.string(), status: z.string(), message: z.string().optional() }))
    .optional(),
  failed: z.array(z.looseObject({ machine: z.string(), error: ERROR })).optional(),
  error: ERROR.optional(),
})
export type Result = z.infer<typeof RESULT>

export async function newOperator(): Promise<Operator> {
  const folder = await mkdtemp(join(tmpdir(), 'kcharm-e2e-'))
  const state = join(folder, 'state')
  const start = (...args: string[]): Child => {
    const env = { ...process.env, KCHARM_STATE: state, CI: '1', NO_COLOR: '1' }
    return spawn(process.execPath, [RUN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  }
  const run = (...args: string[]) => ended(start(...args))
  return {
    folder,
    state,
    start,
    run,
    async json(status, ...args) {
      const ran = await run(...args, '--json')
      expect(ran.status, `kcharm ${args.join(' ')} said:\n${ran.stdout}${ran.stderr}`).toBe(status)
      return RESULT.parse(JSON.parse(ran.stdout))
    },
    async write(name, text) {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    },
    leave: () => rm(folder, { recursive: true }),
  }
}

/** `unit key` of every change of an answer, in order. */
export function changesIn(result: Result): string[] {
  return (result.machines ?? []).flatMap(({ changes }) => changes.map(({ unit, key }) => `${unit} ${key}`))
}

/** `unit status` of every unit of an answer. */
export function statusesIn(result: Result): string[] {
  return (result.units ?? []).map(({ unit, status }) => `${unit} ${status}`).sort()
}

/** Waits for the end of a started kcharm; a signal counts as 128 and its number, as in a shell. */
export function ended(child: Child): Promise<Ran> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => out.push(part))
  child.stderr.on('data', (part: Buffer) => err.push(part))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const status = code ?? (signal === 'SIGKILL' ? 137 : 128)
      resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
  })
}
