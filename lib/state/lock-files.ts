import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { KcharmError } from '../errors/index.ts'
import type { Lock, LockHolder } from './store.ts'

interface Claim {
  pid: number
  host: string
  /** Milliseconds since 1970. */
  at: number
  holder: string
}

/** Two that come at the same moment both step back; by then one of them is usually first. */
const ATTEMPTS = 3

/**
 * A lock without kernel locks, which Node has not: everyone first lays down a claim file of its own, then looks for others.
 * Of two, the later one is sure to see the earlier. A dead process's claim is removed by whoever finds it; no file is ever
 * taken over, so there is no moment in which two could both take it.
 */
export async function lockFolder(folder: string, what: { name: string; holder: string }): Promise<Lock> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let attempt = 1; ; attempt++) {
    const file = join(folder, `lock.${process.pid}-${randomBytes(6).toString('hex')}`)
    const claim: Claim = { pid: process.pid, host: hostname(), at: Date.now(), holder: what.holder }
    await writeFile(`${file}.new`, JSON.stringify(claim), { mode: 0o600 })
    await rename(`${file}.new`, file) // a claim is seen whole; it need not outlive a power cut
    const other = await otherHolder(folder, file)
    if (other === undefined) return { release: () => remove(file) }
    await remove(file)
    if (attempt === ATTEMPTS) throw held(what.name, other)
    await sleep(20 + Math.random() * 60)
  }
}

/** Whose claim stands, if anybody's. */
export async function holderOf(folder: string): Promise<LockHolder | undefined> {
  const found = await otherHolder(folder)
  if (found === undefined) return undefined
  const { holder, host, pid, at } = found
  return { holder, host, pid, since: new Date(at).toISOString(), here: host === hostname() }
}

/** Takes away the claim of a holder that was seen there, and nobody else's. */
export async function breakClaim(folder: string, seen: LockHolder): Promise<void> {
  const found = await otherHolder(folder)
  const isSame = found?.pid === seen.pid && found.host === seen.host && new Date(found.at).toISOString() === seen.since
  if (found && isSame) await remove(found.file)
}

interface Found extends Claim {
  file: string
}

async function otherHolder(folder: string, own?: string): Promise<Found | undefined> {
  const names = (await readdir(folder).catch(nothing)).filter((name) => /^lock\.\d+-[0-9a-f]{12}$/.test(name))
  for (const file of names.map((name) => join(folder, name)).filter((each) => each !== own)) {
    const claim = await readClaim(file)
    if (claim === undefined) continue
    if (await isAlive(claim)) return { ...claim, file }
    await remove(file)
  }
  return undefined
}

/** Unlike `rm`, which loads what removes whole trees: 2 ms of every command. */
async function remove(file: string): Promise<void> {
  await unlink(file).catch(nothing)
}

function nothing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

async function readClaim(file: string): Promise<Claim | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Claim
  } catch {
    return undefined // its owner has just let go of it
  }
}

/** Processes of another host cannot be judged from here and count as alive. */
async function isAlive(claim: Claim): Promise<boolean> {
  if (claim.host !== hostname()) return true
  try {
    process.kill(claim.pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  const started = await startOf(claim.pid)
  return started === undefined || started <= claim.at + 5000
}

/** A process that began after the claim only has the dead one's number. */
async function startOf(pid: number): Promise<number | undefined> {
  const time = await (process.platform === 'linux' ? startInProc(pid) : startByPs(pid)).catch(() => NaN)
  return Number.isNaN(time) ? undefined : time
}

/** Field 22 of proc(5)'s stat: hundredths of a second since boot; the fields before it may hold blanks and brackets. */
async function startInProc(pid: number): Promise<number> {
  const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/stat', 'utf8')])
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  return Number(/^btime (\d+)$/m.exec(boot)?.[1]) * 1000 + ticks * 10
}

async function startByPs(pid: number): Promise<number> {
  const env = { ...process.env, LC_ALL: 'C' }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env })
  return Date.parse(stdout.trim())
}

function held(name: string, { holder, host }: Found): KcharmError {
  const here = host === hostname()
  const hint = here
    ? 'wait until it has finished'
    : 'wait until it has finished; if that process is gone for good: kcharm lock break'
  return new KcharmError('locked', `the model ${name} is in use by ${holder}${here ? '' : ` on ${host}`}`, { hint })
}
