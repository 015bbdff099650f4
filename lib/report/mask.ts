import { createHmac, randomBytes } from 'node:crypto'

/**
 * Hides what may be secret in text that was observed on a machine: values by the name of their key, logins in URLs,
 * authorization headers, private keys. Two equal secrets look equal and two different ones differ, within this process
 * only; so a diff still shows that a secret changes. Rather too much is hidden than too little.
 */
export function maskText(text: string): string {
  return text
    .replace(PEM, (_all, begin: string, body: string, end: string) => `${begin}\n${hidden(body)}\n${end}`)
    .replace(BLOCK, (all, head: string, key: string, quotes: string, body: string) => {
      return isSecretKey(key) ? head + quotes + hidden(body) + quotes : all
    })
    .replace(PAIR, (all, head: string, key: string, value: string) => (isSecretKey(key) ? head + masked(value) : all))
    .replace(HEADER, (_all, head: string, value: string) => head + hidden(value))
    .replace(LOGIN, (_all, scheme: string, login: string) => `${scheme}${hidden(login)}@`)
}

/** The same for every text in a value, and for whole values whose key says that they are secret. */
export function maskValue<T>(value: T): T
export function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map((item: unknown) => maskValue(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      const secret = isSecretKey(key) || /authorization$/i.test(key)
      return [key, secret && typeof item === 'string' ? masked(item) : maskValue(item)]
    }),
  )
}

const SECRET =
  /pass(word|wd|phrase)|passwd|secret|token|credential|(private|api|access|auth)[_.-]?key|(^|[_.-])(auth|pass|pwd)$/i
/** Names of places and switches that have such a word in them. */
const HARMLESS = /(file|path|dir|ttl|type|mode|realm|url|timeout|enabled)s?$/i

function isSecretKey(key: string): boolean {
  return SECRET.test(key) && !HARMLESS.test(key)
}

/** None of these begins in the middle of a word or looks twice at the same stretch: a machine may send a megabyte of anything. */
const PEM =
  /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)\r?\n((?:(?!-----BEGIN )[\s\S])*?)\r?\n?[ \t]*(-----END [A-Z ]*PRIVATE KEY-----)/g
/** A TOML text of several lines. */
const BLOCK = /(["']?(?<![\w.-])([\w.-]+)["']?[ \t]*=[ \t]*)("""|''')([\s\S]*?)\3/g
/** `key = "v"`, `key: v`, `"key": "v"`, `KEY=v`; a text of several lines is left to BLOCK. */
const PAIR =
  /(["']?(?<![\w.-])([\w.-]+)["']?[ \t]*[:=][ \t]*)(?!"""|''')("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"',;{}[\]«][^\s,;}\]]*)/g
const HEADER = /(authorization["']?\s{0,9}[:=]\s{0,9}\[?\s{0,9}["']?(?:basic|bearer|token)\s{1,9})([^\s"'\]]+)/gi
const LOGIN = /([a-z0-9+.-]{1,30}:\/\/)([^\s/?#@"'<>«]+)@/gi

const key = randomBytes(16)

function hidden(secret: string): string {
  return `«secret ${createHmac('sha256', key).update(secret).digest('hex').slice(0, 4)}»`
}

/** Switches, empty values and what is hidden already hide nothing. */
function masked(value: string): string {
  if (/^(["']?)«secret [0-9a-f]{4}»\1$/.test(value)) return value
  if (/^(["']?)(true|false|null|none|yes|no|)\1$/i.test(value)) return value
  const quote = /^["']/.exec(value)?.[0] ?? ''
  return quote + hidden(quote === '' ? value : value.slice(1, -1)) + quote
}
