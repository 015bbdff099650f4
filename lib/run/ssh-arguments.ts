import { KcharmError } from '../errors/index.ts'
import type { Machine } from '../model/declaration.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { machineOf } from './show-model.ts'

/** What the inventory says of a login, as options of ssh and scp (the port apart: theirs differ); the rest ssh finds by itself. */
export function sshArguments(machine: Machine, portFlag = '-p'): { options: string[]; login: string } {
  const { address, user, port, key, jump, knownHosts, sshConfig } = machine
  const options = [
    ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
    ...(port === undefined ? [] : [portFlag, String(port)]),
    ...(key === undefined ? [] : ['-i', key, '-o', 'IdentitiesOnly=yes']),
    ...(jump === undefined ? [] : ['-o', `ProxyJump=${jump}`]),
    ...(knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${quoted(knownHosts)}`]),
  ]
  return { options, login: user === undefined ? address : `${user}@${address}` }
}

/** Words for scp. Throws `usage` where places on several machines, or on none, are named. */
export function scpArguments(stored: StoredModel, words: string[]): string[] {
  const places = words.map((word) => PLACE.exec(word)?.slice(1) as [string, string] | undefined)
  const names = [...new Set(places.flatMap((place) => place?.[0] ?? []))]
  const [name] = names
  if (name === undefined || names.length > 1) {
    throw new KcharmError('usage', `expected one machine in ${words.join(' ')}: UNIT:PATH or MACHINE:PATH`)
  }
  const { options, login } = sshArguments(machineOf(stored, name), '-P')
  const host = login.replace(/^((?:[^@]*@)?)([^@]*:[^@]*)$/, '$1[$2]')
  return [...options, '--', ...words.map((word, at) => (places[at] ? `${host}:${places[at][1]}` : word))]
}

const PLACE = /^([A-Za-z0-9][A-Za-z0-9./-]*):(.*)$/s

/** ssh reads the value of an option as it reads its file. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`
}
