// What the tests run besides Node: shells and tools that machines have, an SSH server, a tracer. Installs what is missing on
// Debian, after saying so; elsewhere, or without root, says what is missing.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Programs and the Debian packages that have them. */
const PROGRAMS = {
  '/bin/busybox': 'busybox-static',
  '/usr/bin/coreutils': 'rust-coreutils',
  '/usr/sbin/sshd': 'openssh-server',
  'ssh-keygen': 'openssh-client',
  curl: 'curl',
  dash: 'dash',
  fish: 'fish',
  flock: 'util-linux',
  ps: 'procps',
  strace: 'strace',
  sudo: 'sudo',
  tcsh: 'tcsh',
  tmux: 'tmux',
  xz: 'xz-utils',
  zsh: 'zsh',
  zstd: 'zstd',
}
const POLICY = '/usr/sbin/policy-rc.d'

const missing = Object.entries(PROGRAMS)
  .filter(([program]) => !isThere(program))
  .map(([, name]) => name)
if (missing.length > 0) install(missing)

function install(packages) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    console.error(`The tests need what these Debian packages have: ${packages.join(', ')}\nAs root: ${command}`)
    process.exit(1)
  }
  console.log(`Installing on this machine, for the tests: ${packages.join(', ')} (apt-get install)`)
  const keepsStill = !existsSync(POLICY)
  if (keepsStill) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 }) // else the SSH server would start
  try {
    run('apt-get update -qq')
    run(`${command} -qq -o DPkg::Lock::Timeout=300`)
  } finally {
    if (keepsStill) rmSync(POLICY)
  }
}

function run(command) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env })
  if (status === 0) return
  console.error(`${command} ended with ${status}:\n${stdout}${stderr}`)
  process.exitCode = 1
  throw new Error('the packages could not be installed')
}

function isThere(program) {
  const folders = program.startsWith('/') ? [''] : `${process.env.PATH}:/usr/sbin:/sbin`.split(':')
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
