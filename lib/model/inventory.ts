import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { KcharmError } from '../errors/index.ts'
import type { Machine } from './declaration.ts'
import { quote, type Problem } from './faults.ts'
import { machineName, machineWord, tagName } from './names.ts'
import { fieldsOf, shapeOf, type Field } from './schema-text.ts'
import { readYaml } from './yaml-source.ts'
import { problemsOf } from './zod-problems.ts'

export interface Inventory {
  machines: Machine[]
}

const path = z.string().regex(/^(?!~[^/])[^\p{Cc}]{1,4096}$/u, 'expected a path; ~ stands for your own home folder')

/** A host name or IP address; nothing that a shell or an option parser could take for something else. */
const address = z
  .string()
  .regex(/^(?=.{1,253}$)[A-Za-z0-9:][A-Za-z0-9:._%-]*$/, 'expected a host name or an IP address')

const user = z.string().regex(/^(?=.{1,255}$)[^\s\p{Cc}:-][^\s\p{Cc}:]*$/u, 'expected a user name')
const port = z.int().min(1).max(65535)

const machine = z.strictObject({
  name: machineWord.describe('The name that bundles, plans and commands use.'),
  address: address.describe('Where SSH connects to, a host name or an IP address.'),
  'own-address': address.optional().describe('The address that the machine itself uses. Without it: address.'),
  port: port.default(22).describe('The port of its SSH server.'),
  user: user.default('root').describe('Who logs in; any other than root uses sudo.'),
  key: path.optional().describe('The private key, relative to the inventory. Without it: the keys of the SSH agent.'),
  tags: z.array(tagName).default([]).describe('What it has in common with others; `to: tag=NAME` places by it.'),
})

/** What an inventory may hold, with the sentences of its reference page. */
const inventorySchema = z.strictObject({
  'known-hosts': path
    .default('~/.ssh/known_hosts')
    .describe('Where the host keys of the machines are kept, relative to the inventory.'),
  machines: z.array(machine).min(1).describe('The machines, in the order in which `num_units` counts them.'),
})

/** The entries that are right, for faults between entries. */
const draftSchema = z
  .object({ machines: z.array(machine.optional().catch(undefined)).catch([]) })
  .catch({ machines: [] })

interface Given {
  file: string
  /** The user's home folder, for `~`. */
  home: string
}

/** Reads and checks an inventory. Throws `invalid-inventory` with all its faults. */
export function parseInventory(text: string, { file, home }: Given): Inventory {
  const source = readYaml(text, { file, code: 'invalid-inventory' })
  const draft = draftSchema.parse(source.value)
  const shape = problemsOf(inventorySchema, { value: source.value, written: source.written })
  source.check([...shape, ...clashes(draft.machines)])
  const { machines, 'known-hosts': knownHosts } = inventorySchema.parse(source.value)
  const place = (path: string): string =>
    resolve(
      dirname(file),
      path.replace(/^~(?=\/|$)/, () => home),
    )
  return {
    machines: machines.map(({ key, 'own-address': ownAddress, ...given }) => ({
      ...given,
      ownAddress: ownAddress ?? given.address,
      ...(key === undefined ? {} : { key: place(key) }),
      knownHosts: place(knownHosts),
      tags: [...new Set(given.tags)],
    })),
  }
}

/** Every field of an inventory, for the reference page. */
export function inventoryFields(): Field[] {
  return fieldsOf(shapeOf(inventorySchema))
}

/**
 * A machine that stands on the command line: `[USER@]HOST[:PORT]`, an IPv6 address with a port in brackets.
 * Throws `usage`.
 */
export function machineAt(text: string, { name, knownHosts }: { name: string; knownHosts: string }): Machine {
  const [, who = 'root', bracketed, plain, number = '22'] = ADDRESS.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const parts = { name: machineName, host: address, user, port }
  const right = z.object(parts).safeParse({ name, host, user: who, port: Number(number) })
  if (!right.success) {
    throw new KcharmError('usage', `--machine ${quote(`${name}=${text}`)}: expected ID=[USER@]HOST[:PORT]`)
  }
  return { name, address: host, ownAddress: host, port: right.data.port, user: who, knownHosts, tags: [] }
}

/** Without brackets, several colons make an IPv6 address rather than a port. */
const ADDRESS = /^(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]]+(?=:\d+$|$)|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/

type Entry = z.infer<typeof machine> | undefined

/** The same name twice, or the same machine under two names: both would be worked on as two. */
function clashes(machines: Entry[]): Problem[] {
  const names = new Set<string>()
  const addresses = new Map<string, string>()
  return machines.flatMap((entry, index) => {
    if (entry === undefined) return []
    const { name, address, port } = entry
    const problems: Problem[] = []
    if (names.has(name))
      problems.push({
        path: ['machines', index, 'name'],
        what: `name ${quote(name)} stands here twice`,
        says: 'expected each once',
      })
    const holder = addresses.get(`${address} ${port}`)
    if (holder !== undefined)
      problems.push({
        path: ['machines', index, 'address'],
        what: `${address} port ${port} is that of ${holder}`,
        says: 'expected each machine once',
      })
    names.add(name)
    addresses.set(`${address} ${port}`, name)
    return problems
  })
}
