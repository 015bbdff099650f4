import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Where a script may have to run: a `sh`, and what else there is. */
export const SURROUNDINGS = [
  'dash',
  'bash',
  'busybox',
  'busybox alone',
  'dash with uutils',
  'bash with uutils',
] as const

export type Surroundings = (typeof SURROUNDINGS)[number]

/** Tools that are neither coreutils nor busybox's. */
const UTIL_LINUX = ['flock']

/**
 * A PATH for these surroundings, made below `folder`. `busybox alone`: its applets and nothing else (but for the
 * tools of util-linux that Debian's busybox lacks). Throws when a program that is needed is not installed.
 */
export function surroundings(name: Surroundings, folder: string): string {
  const bin = join(folder, `bin-${name.replaceAll(' ', '-')}`)
  mkdirSync(bin)
  if (name === 'busybox alone') {
    link(bin, '/bin/busybox', applets())
    for (const tool of UTIL_LINUX) link(bin, `/usr/bin/${tool}`, [tool])
    return bin
  }
  if (name === 'busybox') link(bin, '/bin/busybox', ['sh'])
  else link(bin, `/bin/${name.split(' ')[0]}`, ['sh'])
  if (name.endsWith('uutils')) link(bin, UUTILS, utilities())
  return `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`
}

/** Debian's package rust-coreutils: one program for all. */
const UUTILS = '/usr/bin/coreutils'

function applets(): string[] {
  const names = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')
  return names.filter((name) => name !== 'busybox')
}

/** It says what it has when it is called without any name, and calls that a failure. */
function utilities(): string[] {
  const { stdout, stderr } = spawnSync(UUTILS, { encoding: 'utf8' })
  const names =
    (stdout + stderr)
      .split('functions:')[1]
      ?.trim()
      .split(/[,\s]+/) ?? []
  if (!names.includes('cat')) throw new Error(`${UUTILS} does not say what it has: ${stdout}${stderr}`)
  return names
}

function link(bin: string, program: string, names: string[]): void {
  if (!existsSync(program)) throw new Error(`${program} is not installed`)
  for (const name of names) symlinkSync(program, join(bin, name))
}
