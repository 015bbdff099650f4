/** `auto`: through sudo unless the login is uid 0, or the node is a rootless one. */
export type Sudo = boolean | 'auto'

/**
 * What sshd is asked to run. The login shell may be fish, tcsh or zsh, so the text keeps to what all of them
 * read alike: no `!`, no backslash, no newline. Nothing of the work itself is in it, as sudo logs its arguments.
 */
export function commandLine(sudo: Sudo, program: 'session' | 'upload'): string {
  const shell = program === 'session' ? `sh -s` : `sh -c 'read -r k && eval "$k"'`
  if (sudo === 'auto') return `exec sh -c '${AUTO}' ${shell}`
  return sudo ? `exec sudo -n ${shell}` : `exec ${shell}`
}

const AUTO = 'test "$(id -u)" = 0 || test -n "$KCHARM_ROOT" || exec sudo -n sh "$@"; exec sh "$@"'
