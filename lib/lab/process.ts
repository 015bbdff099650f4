import { spawn } from 'node:child_process'
import { KcharmError } from '../errors/index.ts'

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  input?: string
  /** For long work: leave the processor to others. */
  nice?: boolean
  /** It and all that it starts end with us, even by SIGKILL; and what it mounts nobody else sees. */
  leashed?: boolean
  /** What an error calls the command; default: the command itself. */
  title?: string
}

/** Runs a program to its end and gives what it printed; anything but exit 0 is a KcharmError('lab') with its last words. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options)
  if (code === 0) return stdout
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n')
  throw new KcharmError('lab', `a command ended with ${code}: ${options.title ?? argv.join(' ')}\n${said}`)
}

const NICE = ['nice', '-n', '10']

// unshare dies with us, its child with it, and that child is process 1 of a namespace, with which all in it die.
const LEASH = [
  ...['setpriv', '--pdeathsig', 'KILL', '--', 'unshare', '--pid', '--fork', '--kill-child'],
  ...['--mount', '--propagation', 'private', '--mount-proc', '--'],
]

/** Runs a program to its end, whatever that is. 127: there is no such program; 128: a signal ended it. */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [command = '', ...args] = [...(options.nice ? NICE : []), ...(options.leashed ? LEASH : []), ...argv]
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: options.cwd, env: environment(options.env), stdio: 'pipe' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => out.push(part))
    child.stderr.on('data', (part: Buffer) => err.push(part))
    child.on('error', (error) => resolve({ code: 127, stdout: '', stderr: error.message }))
    child.on('close', (code) => {
      resolve({ code: code ?? 128, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
    child.stdin.on('error', () => undefined) // it may end before it has read everything
    child.stdin.end(options.input ?? '')
  })
}

/** Ends a process at once; one that has ended by itself is none of our business. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Ours plus the system programs' folders, which sudo and cron may leave out of PATH; messages in English. */
export function environment(extra: Record<string, string> = {}): Record<string, string | undefined> {
  return {
    ...process.env,
    PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`,
    LC_ALL: 'C.UTF-8',
    ...extra,
  }
}
