import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { KcharmError } from '../errors/index.ts'
import type { Machine } from './declaration.ts'
import { quote, type Problem } from './faults.ts'
import { machineName, machineWord, tagName, VARIABLE } from './names.ts'
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
  .regex(/^(?=.{1,253}$)[A-Za-z0-9:_][A-Za-z0-9:._%-]*$/, 'expected a host name, an IP address or a name of ssh_config')

const user = z.string().regex(/^(?=.{1,255}$)[^\s\p{Cc}:-][^\s\p{Cc}:]*$/u, 'expected a user name')
const port = z.int().min(1).max(65535)

const jump = z
  .string()
  .regex(/^[A-Za-z0-9:_[][^\s\p{Cc}]{0,1000}$/u, 'expected [USER@]HOST[:PORT], several with commas, or none')

/** Where a secret is, never the secret itself. */
const secret = z
  .string()
  .regex(
    /^(env:[A-Za-z_][A-Za-z0-9_]*|(file|command):[^\p{Cc}]{1,4096}|ask)$/u,
    'expected where it is: env:NAME, file:PATH, command:COMMAND, or ask',
  )

const variables = z.record(
  z
    .string()
    .regex(VARIABLE, 'expected letters, digits, hyphens and underscores, a letter first')
    .refine((name) => name !== 'tag', 'expected a name that is not reserved'),
  z.union([z.string().regex(/^[^\p{Cc}]{1,255}$/u, 'expected one line of text'), z.int(), z.boolean()]),
)

/** What machines of one group may have in common. */
const login = {
  port: port.optional().describe('The port of its SSH server. Without it: as ssh_config says, or 22.'),
  user: user.optional().describe('Who logs in. Without it: as ssh_config says, or you.'),
  key: path
    .optional()
    .describe('The private key, relative to the inventory. Without it: those of ssh_config, the agent, and ~/.ssh.'),
  jump: jump
    .optional()
    .describe('The bastions on the way, the nearest first; `none` for none, whatever ssh_config says.'),
  password: secret.optional().describe('Where the password of the login is: `env:`, `file:`, `command:`, or `ask`.'),
  sudo: z
    .enum(['none', 'nopasswd', 'password'])
    .optional()
    .describe('How the user becomes root. Without it: by sudo without a password, unless the user is root.'),
  'sudo-password': secret.optional().describe('Where the password for sudo is. With `sudo: password` it is asked for.'),
  tags: z.array(tagName).default([]).describe('What it has in common with others; `to: tag=NAME` places by it.'),
  variables: variables
    .meta({ title: 'map of text, whole number or true | false' })
    .default({})
    .describe('What is known of it by name, such as its rack; `to: rack=r1` places by it. Those of groups are merged.'),
}

const machine = z.strictObject({
  name: machineWord.describe('The name that bundles, plans and commands use.'),
  address: address.describe('Where SSH connects to: a host name, an IP address, or a `Host` of ssh_config.'),
  'own-address': address.optional().describe('The address that the machine itself uses. Without it: address.'),
  groups: z.array(tagName).default([]).describe('Groups that it belongs to; the first that says something counts.'),
  ...login,
})

const group = z.strictObject(login)

/** What an inventory may hold, with the sentences of its reference page. */
export const inventorySchema = z.strictObject({
  'known-hosts': path
    .optional()
    .describe('Where the host keys of the machines are kept, relative to the inventory. Without it: as ssh does.'),
  'ssh-config': path
    .optional()
    .describe('An ssh_config instead of the user’s and the system’s, relative to the inventory; `none` for none.'),
  groups: z.record(tagName, group).default({}).describe('What the machines of a group have in common, by its name.'),
  machines: z.array(machine).min(1).describe('The machines, in the order in which `num_units` counts them.'),
})

/** The entries that are right, for faults between entries. */
const draftSchema = z
  .object({
    machines: z.array(machine.optional().catch(undefined)).catch([]),
    groups: z.record(z.string(), z.unknown()).catch({}),
  })
  .catch({ machines: [], groups: {} })

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
  source.check([...shape, ...clashes(draft.machines), ...unknownGroups(draft)])
  const whole = inventorySchema.parse(source.value)
  const place = (path: string): string =>
    resolve(
      dirname(file),
      path.replace(/^~(?=\/|$)/, () => home),
    )
  const files = defined({
    knownHosts: whole['known-hosts'] === undefined ? undefined : place(whole['known-hosts']),
    sshConfig:
      whole['ssh-config'] === undefined || whole['ssh-config'] === 'none'
        ? whole['ssh-config']
        : place(whole['ssh-config']),
  })
  return { machines: whole.machines.map((entry) => ({ ...machineOf(entry, whole.groups, place), ...files })) }
}

type Login = z.infer<typeof group>
type Groups = Record<string, Login>

function machineOf(entry: z.infer<typeof machine>, groups: Groups, place: (path: string) => string): Machine {
  const levels: [string, Login][] = [
    [entry.name, entry],
    ...entry.groups.flatMap((name): [string, Login][] => (groups[name] ? [[name, groups[name]]] : [])),
  ]
  const first = <K extends keyof Login>(key: K): Login[K] | undefined =>
    levels.find(([, level]) => level[key] !== undefined)?.[1][key]
  const where = (key: 'password' | 'sudo-password', what: string): string | undefined => {
    const [from, level] = levels.find(([, each]) => each[key] !== undefined) ?? []
    return from === undefined ? undefined : secretAt(level?.[key] ?? '', { place, question: `${what} for ${from}` })
  }
  const key = first('key')
  const merged = Object.assign({}, ...levels.map(([, level]) => level.variables).reverse()) as Login['variables']
  const sudoAt = levels.find(([, level]) => level.sudo !== undefined)
  const asked = sudoAt?.[1].sudo === 'password' ? `ask:sudo password for ${sudoAt[0]}` : undefined
  return {
    name: entry.name,
    address: entry.address,
    ownAddress: entry['own-address'] ?? entry.address,
    ...defined({
      port: first('port'),
      user: first('user'),
      key: key === undefined ? undefined : place(key),
      jump: first('jump'),
      password: where('password', 'password'),
      sudo: sudoAt?.[1].sudo,
      sudoPassword: where('sudo-password', 'sudo password') ?? asked,
    }),
    tags: [...new Set(levels.flatMap(([, level]) => level.tags))],
    ...(Object.keys(merged).length > 0 && { variables: merged }),
  }
}

/** A file beside the inventory has its whole path; a question says for whom, so that one answer serves a whole group. */
function secretAt(text: string, given: { place(path: string): string; question: string }): string {
  if (text === 'ask') return `ask:${given.question}`
  return text.startsWith('file:') ? `file:${given.place(text.slice('file:'.length))}` : text
}

function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
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
export function machineAt(text: string, { name }: { name: string }): Machine {
  const [, who, bracketed, plain, number] = ADDRESS.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const parts = { name: machineName, host: address, user: user.optional(), port: port.optional() }
  const right = z
    .object(parts)
    .safeParse({ name, host, user: who, port: number === undefined ? undefined : Number(number) })
  if (!right.success) {
    throw new KcharmError('usage', `--machine ${quote(`${name}=${text}`)}: expected ID=[USER@]HOST[:PORT]`)
  }
  return { name, address: host, ownAddress: host, ...defined({ port: right.data.port, user: who }), tags: [] }
}

/** Without brackets, several colons make an IPv6 address rather than a port. */
const ADDRESS = /^(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]]+(?=:\d+$|$)|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/

type Entry = z.infer<typeof machine> | undefined

/** The same name twice, or the same machine under two names: both would be worked on as two. */
function clashes(machines: Entry[]): Problem[] {
  const names = new Set<string>()
  const addresses = new Map<string, string>()
  const where = ({ address, port = 22 }: z.infer<typeof machine>): string => `${address} port ${port}`
  return machines.flatMap((entry, index) => {
    if (entry === undefined) return []
    const { name } = entry
    const problems: Problem[] = []
    if (names.has(name))
      problems.push({
        path: ['machines', index, 'name'],
        what: `name ${quote(name)} stands here twice`,
        says: 'expected each once',
      })
    const holder = addresses.get(where(entry))
    if (holder !== undefined)
      problems.push({
        path: ['machines', index, 'address'],
        what: `${where(entry)} is that of ${holder}`,
        says: 'expected each machine once',
      })
    names.add(name)
    addresses.set(where(entry), name)
    return problems
  })
}

function unknownGroups({ machines, groups }: z.infer<typeof draftSchema>): Problem[] {
  return machines.flatMap((entry, index) =>
    (entry?.groups ?? []).flatMap((name, at): Problem[] => {
      if (Object.hasOwn(groups, name)) return []
      const path = ['machines', index, 'groups', at]
      return [{ path, what: `unknown group ${quote(name)}`, meant: { word: name, among: Object.keys(groups) } }]
    }),
  )
}
