import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { KcharmError } from '../../errors/index.ts'

/** What the percent tokens of ssh_config(5) stand for in one connection. */
export interface TokenValues {
  /** The name as it was given. */
  original: string
  host: string
  port: number
  user: string
  alias: string
  jump: string
  local: { user: string; uid: number; home: string }
}

/** Puts values for `%x`. Throws `usage` for a token that ssh would refuse too. */
export function expandTokens(text: string, values: TokenValues): string {
  return text.replace(/%(.?)/gs, (written, token: string) => {
    const value = TOKENS[token]
    if (value !== undefined) return value(values)
    throw new KcharmError('usage', `ssh_config: ${JSON.stringify(text)} has the unknown token ${written}`)
  })
}

/** `~`, and `${NAME}` of the environment. Throws `usage` for a variable that is not set. */
export function expandPath(text: string, home: string, env: NodeJS.ProcessEnv = process.env): string {
  const path = text.replace(/\$\{([^}]*)\}/g, (written, name: string) => {
    const value = env[name]
    if (value !== undefined) return value
    throw new KcharmError('usage', `ssh_config: ${JSON.stringify(text)}: ${written} is not set in the environment`)
  })
  return path.replace(/^~(?=\/|$)/, () => home)
}

const short = (name: string): string => name.replace(/\..*$/, '')

const TOKENS: Record<string, (values: TokenValues) => string> = {
  '%': () => '%',
  C: ({ host, port, user, jump }) =>
    createHash('sha1').update(`${hostname()}${host}${port}${user}${jump}`).digest('hex'),
  L: () => short(hostname()),
  d: ({ local }) => local.home,
  h: ({ host }) => host,
  i: ({ local }) => String(local.uid),
  j: ({ jump }) => jump,
  k: ({ alias }) => alias,
  l: () => hostname(),
  n: ({ original }) => original,
  p: ({ port }) => String(port),
  r: ({ user }) => user,
  u: ({ local }) => local.user,
}
