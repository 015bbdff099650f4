/** A command as the framework's manifest has it. */
export interface Completable {
  id: string
  hidden?: boolean | undefined
  args: Record<string, { options?: readonly string[] | undefined }>
  flags: Record<
    string,
    { char?: string | undefined; type: string; options?: readonly string[] | undefined; hidden?: boolean | undefined }
  >
}

/** Names of the model that is at work. */
export interface Names {
  applications: string[]
  units: string[]
  machines: string[]
  models: string[]
  charms: string[]
}

/** What the last of the words could become; nothing where a file is meant. */
export function completions(words: string[], commands: Completable[], names: Names): string[] {
  const last = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const fitting = (some: string[]): string[] => [...new Set(some)].filter((word) => word.startsWith(last)).sort()
  const shown = commands.filter(({ hidden }) => !hidden)
  const command = commandOf(before, shown)
  const topics = nextWords(before, shown)
  if (command === undefined) return fitting(topics)
  const flag = flagOf(before.at(-1) ?? '', command)
  if (flag) return fitting([...(flag.options ?? namesFor(flag.name, names))])
  if (last.startsWith('-')) return fitting(flagsOf(command))
  const args = Object.entries(command.args)
  const at = positionals(before.slice(command.id.split(':').length), command)
  const [name = MANY[command.id] ?? '', arg] = args[at] ?? []
  return fitting([...(at === 0 ? topics : []), ...(arg?.options ?? namesFor(name, names))])
}

/** Commands that take as many words as one likes, by what these are. */
const MANY: Record<string, string> = { run: 'unit', preflight: 'unit', ssh: 'at', scp: 'at' }

/** What an argument or a flag is called tells what it names. */
function namesFor(name: string, names: Names): string[] {
  switch (name) {
    case 'app':
    case 'one':
    case 'other':
      return names.applications
    case 'unit':
    case 'include':
    case 'exclude':
      return names.units
    case 'name':
      return [...names.applications, ...names.units, ...names.machines]
    case 'at':
      return [...names.units, ...names.machines]
    case 'machine':
    case 'to':
      return names.machines
    case 'model':
      return names.models
    case 'charm':
      return names.charms
    default:
      return []
  }
}

function commandOf(words: string[], commands: Completable[]): Completable | undefined {
  for (const length of [2, 1]) {
    if (words.length < length) continue
    const id = words.slice(0, length).join(':')
    const found = commands.find((command) => command.id === id)
    if (found) return found
  }
  return undefined
}

/** The words that may follow in the command's own name. */
function nextWords(words: string[], commands: Completable[]): string[] {
  return commands
    .map(({ id }) => id.split(':'))
    .filter((parts) => parts.length > words.length && words.every((word, at) => word === parts[at]))
    .flatMap((parts) => parts[words.length] ?? [])
}

function flagOf(word: string, { flags }: Completable) {
  const [name, flag] =
    Object.entries(flags).find(([each, { char }]) => word === `--${each}` || word === `-${char}`) ?? []
  return name !== undefined && flag?.type === 'option' ? { name, options: flag.options } : undefined
}

function flagsOf({ flags }: Completable): string[] {
  return Object.entries(flags).flatMap(([name, { hidden }]) => (hidden ? [] : [`--${name}`]))
}

/** How many words of their own stand there, those of flags apart. */
function positionals(words: string[], command: Completable): number {
  return words.filter((word, at) => !word.startsWith('-') && !flagOf(words[at - 1] ?? '', command)).length
}
