import type { Secret } from './target.ts'

/** `auto`: through sudo unless the login is uid 0, or the node is a rootless one. `password`: the same, and sudo may ask. */
export type Sudo = boolean | 'auto' | { password: Secret }

export type Program = 'session' | 'upload'

/** What the started program says first, and what sudo asks with. */
export interface Words {
  go: string
  prompt: string
}

/**
 * What sshd is asked to run. The login shell may be fish, tcsh or zsh, so the text keeps to what all of them
 * read alike: no `!`, no backslash, no newline. Nothing of the work itself is in it, as sudo logs its arguments.
 */
export function commandLine(sudo: boolean | 'auto' | Words, program: Program): string {
  if (typeof sudo === 'object') {
    return `exec sh -c '${ASKING}' sh 'echo ${sudo.go}; ${PROGRAMS[program]}' ${sudo.prompt}`
  }
  const shell = program === 'session' ? `sh -s` : `sh -c '${PROGRAMS.upload}'`
  if (sudo === 'auto') return `exec sh -c '${AUTO}' ${shell}`
  return sudo ? `exec sudo -n ${shell}` : `exec ${shell}`
}

const PROGRAMS: Record<Program, string> = { session: 'exec sh -s', upload: 'read -r k && eval "$k"' }

const IS_ROOT = 'test "$(id -u)" = 0 || test -n "$KCHARM_ROOT"'

const AUTO = `${IS_ROOT} || exec sudo -n sh "$@"; exec sh "$@"`

const ASKING = `${IS_ROOT} || exec sudo -S -p "$2" sh -c "$1"; exec sh -c "$1"`
