import { randomBytes } from 'node:crypto'
import { KcharmError } from '../errors/index.ts'
import { commandLine, type Program, type Sudo } from './command-line.ts'
import type { Connection } from './connection.ts'
import { execute, type RemoteProcess } from './execute.ts'
import { notStarted } from './not-started.ts'
import { tail } from './reply.ts'
import type { Secret } from './target.ts'

/**
 * Starts one of the two programs, as root where that is needed. sudo gets its password only when it asks, by a prompt that
 * nobody else can print; nothing else is sent before the program has said that it runs, so a sudo that
 * does not ask cannot pass the password on. Errors: `auth`, `connection`.
 */
export async function startAs(
  connection: Connection,
  program: Program,
  { sudo, deadlineMs }: { sudo: Sudo; deadlineMs: number },
): Promise<RemoteProcess> {
  if (typeof sudo !== 'object') return await execute(connection, commandLine(sudo, program), deadlineMs)
  const marker = randomBytes(12).toString('hex')
  const words = { go: `kcharm-go-${marker}`, prompt: `kcharm-password-${marker}` }
  const process = await execute(connection, commandLine(words, program), deadlineMs)
  await answerSudo(process, { ...words, connection, password: sudo.password, deadlineMs })
  return process
}

interface Question {
  go: string
  prompt: string
  connection: Connection
  password: Secret
  deadlineMs: number
}

async function answerSudo({ channel, exited }: RemoteProcess, question: Question): Promise<void> {
  const { go, prompt, connection, password, deadlineMs } = question
  const { target } = connection
  const refuse = (what: string, hint?: string): KcharmError =>
    new KcharmError('auth', `${target.name}: ${what}`, { machine: target.name, ...(hint ? { hint } : {}) })
  let said: Buffer = Buffer.alloc(0)
  let heard: Buffer = Buffer.alloc(0)
  let asked = 0
  await new Promise<void>((resolve, reject) => {
    const late = (): void =>
      reject(
        refuse(`sudo did not get as far as a shell within ${deadlineMs / 1000} s; it said:\n${shown(said, prompt)}`),
      )
    const timer = setTimeout(late, deadlineMs)
    const onOutput = (chunk: Buffer): void => {
      heard = tail(heard, chunk, 4096)
      if (heard.includes(`${go}\n`) || heard.includes(`${go}\r\n`)) settle(resolve)
    }
    const onError = (chunk: Buffer): void => {
      said = tail(said, chunk, 4096)
      const times = said.toString('latin1').split(prompt).length - 1
      if (times <= asked) return
      asked = times
      if (asked > 1) settle(() => reject(refuse(`sudo refused the password for ${target.user}`, HINT)))
      else
        password().then(
          (text) => channel.write(`${text}\n`),
          (error: unknown) => settle(() => reject(error as Error)),
        )
    }
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      channel.off('data', onOutput)
      channel.stderr.off('data', onError)
      then()
    }
    channel.on('data', onOutput)
    channel.stderr.on('data', onError)
    exited.then(
      (status) => settle(() => reject(notStarted(target, { status, noise: shown(said, prompt) }))),
      (error: unknown) => settle(() => reject(error as Error)),
    )
  })
}

const HINT = 'give the password of that user there, or under targetpw and rootpw in sudoers the one of root'

function shown(said: Buffer, prompt: string): string {
  return said.toString('utf8').replaceAll(prompt, '').trim()
}
