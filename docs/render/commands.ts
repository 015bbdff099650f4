import type { Command } from '@oclif/core'
import type { NamedCommand } from './command-files.ts'

const INTRO = `# Commands

Every command takes \`--json\` (one document on standard output, errors too), \`--debug\` (the stack of a fault of kcharm
itself) and \`--help\`. Those that work with a model take \`--model NAME\` (\`-m\`, else \`KCHARM_MODEL\`, else \`default\`)
and \`--timeout SECONDS\` (else \`KCHARM_TIMEOUT\`, else each wait has its own end): by then what only looks is given up, and no further step begins.
Exit statuses: [errors.md](errors.md).
`

const EVERYWHERE = ['json', 'debug', 'model', 'help']

/** The page of all commands, from their own words. */
export function renderCommands(commands: NamedCommand[]): string {
  return [INTRO, ...commands.map(renderCommand)].join('\n')
}

function renderCommand({ name, command }: NamedCommand): string {
  const { summary = '', description = '' } = command
  const examples = (command.examples ?? []).map((each) => String(each).replace('<%= config.bin %>', 'kcharm'))
  return [
    `## kcharm ${name}\n`,
    `\`\`\`sh\n${usage(name, command)}\n\`\`\`\n`,
    `${sentence(summary)}${description === '' ? '' : ` ${description}`}\n`,
    list([...argumentLines(command), ...flagLines(command)]),
    examples.length === 0 ? '' : `For example:\n\n\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function usage(name: string, { args = {}, flags = {}, strict }: Command.Class): string {
  const words = Object.entries(args).map(([key, { required }]) => {
    const word = key.toUpperCase()
    return required ? word : `[${word}${strict ? '' : '…'}]`
  })
  const own = Object.keys(flags).some((key) => !EVERYWHERE.includes(key))
  return ['kcharm', name, ...words, ...(own ? ['[FLAGS]'] : [])].join(' ')
}

function argumentLines({ args = {} }: Command.Class): string[] {
  return Object.entries(args).map(([key, { description = '', default: value }]) => {
    return `\`${key.toUpperCase()}\`: ${description}${defaultText(value)}`
  })
}

function flagLines({ flags = {} }: Command.Class): string[] {
  return Object.entries(flags)
    .filter(([key]) => !EVERYWHERE.includes(key))
    .map(([key, flag]) => {
      const value = flag.type === 'option' ? ` ${valueOf(key, flag)}` : ''
      const letter = flag.char === undefined ? '' : `, \`-${flag.char}\``
      const many = flag.type === 'option' && flag.multiple ? '; may be given several times' : ''
      return `\`--${key}${value}\`${letter}: ${flag.summary ?? ''}${defaultText(flag.default)}${many}`
    })
}

function valueOf(
  key: string,
  { options, helpValue }: { options?: readonly string[]; helpValue?: string | string[] },
): string {
  return options?.join('|') ?? String(helpValue ?? key.toUpperCase())
}

function defaultText(value: unknown): string {
  return ['string', 'number'].includes(typeof value) ? ` (default \`${String(value)}\`)` : ''
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? '' : '.'}`
}

function list(lines: string[]): string {
  return lines.map((line) => `- ${line}\n`).join('')
}
