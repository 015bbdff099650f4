import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { KcharmError } from '../../errors/index.ts'
import { directivesOf, expandGlob } from './files.ts'
import { asFlag, asPort, REPEATED, SINGLE, WHOLE_LINE } from './options.ts'
import { matchesList, matchesPatterns } from './patterns.ts'
import { expandPath, expandTokens, type TokenValues } from './tokens.ts'
import { type Directive, nextWord, splitWords } from './words.ts'

export interface ConfigFile {
  path: string
  /** Where a relative `Include` starts. */
  includes: string
  /** Refused when others could write to it. */
  guarded: boolean
}

/** Who asks for which host; `user` and `port` as on ssh's command line, before every file. */
export interface Asked {
  host: string
  user?: string
  port?: number
  local: TokenValues['local']
}

/** The words that each keyword got. */
export type Found = Map<string, string[]>

/** Walks the files as OpenSSH does (readconf.c); twice where `Match final` or canonical names ask for it. */
export async function evaluate(files: ConfigFile[], asked: Asked): Promise<Found> {
  const found: Found = new Map()
  if (asked.user !== undefined) found.set('user', [asked.user])
  if (asked.port !== undefined) found.set('port', [String(asked.port)])
  const first = new Pass({ asked, found, host: asked.host, final: false })
  await first.files(files)
  if (!first.wantsFinal && !isCanonical(found, hostOf(found, asked.host))) return found
  const host = hostOf(found, asked.host)
  found.set('hostname', [host])
  await new Pass({ asked, found, host, final: true }).files(files)
  return found
}

/** The name to connect to: `HostName` with its `%h`, or the name that was given. */
export function hostOf(found: Found, original: string): string {
  const name = found.get('hostname')?.[0]
  return name === undefined ? original : name.replace(/%([h%])/g, (_, token) => (token === 'h' ? original : '%'))
}

/** All but `%k` where no HostKeyAlias gives it: a `Match exec` and the rest do not agree about that. */
export function tokenValues(found: Found, { host: original, local }: Asked, host: string) {
  const port = found.get('port')?.[0]
  const jump = found.get('proxyjump')?.[0] ?? ''
  const alias = found.get('hostkeyalias')?.[0]
  return {
    ...(alias === undefined ? {} : { alias }),
    original,
    host,
    port: port === undefined ? 22 : asPort(port),
    user: found.get('user')?.[0] ?? local.user,
    jump: jump.toLowerCase() === 'none' ? '' : jump,
    local,
  }
}

/** Names that ssh would complete are refused: addresses, whole names and those that end with a dot are none. */
function isCanonical(found: Found, host: string): boolean {
  const asked = found.get('canonicalizehostname')?.[0] ?? 'no'
  if (!/^always$/i.test(asked) && !asFlag(asked, 'CanonicalizeHostname')) return false
  const dots = Number(found.get('canonicalizemaxdots')?.[0] ?? 1)
  const isWhole = isIP(host) !== 0 || host.endsWith('.') || host.split('.').length - 1 > dots
  if (isWhole || !found.has('canonicaldomains')) return true
  throw new KcharmError('usage', 'ssh_config: CanonicalDomains: names are not completed from a list of domains', {
    hint: 'write the whole name as address into the inventory, or a HostName for it into ssh_config',
  })
}

interface PassGiven {
  asked: Asked
  found: Found
  /** What `Host` is compared with: the name that was given, in the final pass the one that was found. */
  host: string
  final: boolean
}

interface Scope {
  file: ConfigFile
  active: boolean
  /** Included from a section that does not apply: nothing in it can. */
  never: boolean
  depth: number
}

class Pass {
  wantsFinal = false
  readonly #given: PassGiven

  constructor(given: PassGiven) {
    this.#given = given
  }

  async files(files: ConfigFile[]): Promise<void> {
    for (const file of files) await this.#file({ file, active: true, never: false, depth: 0 })
  }

  async #file(scope: Scope): Promise<void> {
    let { active } = scope
    for (const directive of directivesOf(scope.file.path, scope.file)) {
      if (directive.keyword === 'host') {
        active = !scope.never && matchesPatterns(wordsOf(directive), this.#given.host)
      } else if (directive.keyword === 'match') {
        active = !scope.never && (await this.#matches(directive))
      } else if (directive.keyword === 'include') await this.#include(directive, { ...scope, active })
      else if (active) this.#take(directive)
    }
  }

  async #include(directive: Directive, scope: Scope): Promise<void> {
    if (scope.depth >= 16) throw at(directive, 'files include each other more than 16 deep')
    for (const word of wordsOf(directive)) {
      const pattern = expandPath(word, this.#given.asked.local.home)
      for (const path of expandGlob(pattern, scope.file.includes)) {
        const never = scope.never || !scope.active
        await this.#file({ ...scope, file: { ...scope.file, path }, never, depth: scope.depth + 1 })
      }
    }
  }

  #take(directive: Directive): void {
    const { keyword, rest } = directive
    const { found } = this.#given
    if (REPEATED.has(keyword)) {
      const [word] = wordsOf(directive)
      const before = found.get(keyword) ?? []
      if (word !== undefined && !before.includes(word)) found.set(keyword, [...before, word])
    } else if (WHOLE_LINE.has(keyword)) {
      // Whichever of the two comes first counts.
      if (![...WHOLE_LINE].some((each) => found.has(each))) found.set(keyword, [rest.replace(/^[\s=]+/, '')])
    } else if (SINGLE.has(keyword) && !found.has(keyword)) {
      const words = wordsOf(directive)
      if (words.length === 0) throw at(directive, `${keyword} has no value`)
      found.set(keyword, words)
    }
  }

  async #matches(directive: Directive): Promise<boolean> {
    let result = true
    let rest = directive.rest
    for (;;) {
      const [written, behind] = nextWord(rest)
      if (written === '' || written.startsWith('#')) return result
      rest = behind
      const negated = written.startsWith('!')
      const criterion = written.slice(negated ? 1 : 0).toLowerCase()
      if (criterion === 'all') return result && !negated
      if (criterion === 'final' || criterion === 'canonical') {
        this.wantsFinal ||= criterion === 'final'
        result = result && this.#given.final !== negated
        continue
      }
      const [argument, further] = nextWord(rest)
      if (argument === '') throw at(directive, `Match ${criterion} has no value`)
      rest = further
      // What comes before decides whether a command runs at all.
      if (result) result = (await this.#holds(criterion, argument, directive)) !== negated
    }
  }

  async #holds(criterion: string, argument: string, directive: Directive): Promise<boolean> {
    const { asked, found, final, host } = this.#given
    const name = final ? host : hostOf(found, asked.host)
    switch (criterion) {
      case 'host':
        return matchesList(argument, name, { host: true })
      case 'originalhost':
        return matchesList(argument, asked.host, { host: true })
      case 'user':
        return matchesList(argument, found.get('user')?.[0] ?? asked.local.user)
      case 'localuser':
        return matchesList(argument, asked.local.user)
      case 'exec':
        return await succeeds(expandTokens(argument, { alias: name, ...tokenValues(found, asked, name) }))
      default:
        throw at(directive, `Match ${criterion} is not known here`)
    }
  }
}

/** As ssh does, in the user's shell and with nothing to read. */
async function succeeds(command: string): Promise<boolean> {
  const shell = process.env['SHELL'] ?? '/bin/sh'
  const child = spawn(shell, ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 30_000 })
  const [status] = (await once(child, 'close')) as [number | null]
  return status === 0
}

function wordsOf(directive: Directive): string[] {
  const words = splitWords(directive.rest)
  if (words) return words
  throw at(directive, 'a quote is not closed')
}

function at({ file, line }: Directive, what: string): KcharmError {
  return new KcharmError('usage', `${file}:${line}: ${what}`)
}

/** The files of ssh itself: the user's and the system's. `path`: that one alone, as `ssh -F`. */
export function configFiles(home: string, path?: string): ConfigFile[] {
  const own = join(home, '.ssh')
  if (path !== undefined) return [{ path, includes: own, guarded: false }]
  return [
    { path: join(own, 'config'), includes: own, guarded: true },
    { path: '/etc/ssh/ssh_config', includes: '/etc/ssh', guarded: false },
  ]
}
