import { existsSync } from 'node:fs'
import { posix, join } from 'node:path'
import type { NamedCommand } from '../../docs/render/command-files.ts'
import { ROOT, type Source } from './sources.ts'

/** Links to files of the project that are not there, and pictures as well. */
export function deadLinks(sources: Source[]): string[] {
  return pages(sources).flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)].flatMap(([, target = '']) =>
      existsSync(join(ROOT, posix.dirname(path), target)) ? [] : [`${path}: ${target}`],
    ),
  )
}

/** Command lines in code blocks whose command or flag does not exist. */
export function unknownCommands(sources: Source[], commands: NamedCommand[]): string[] {
  return pages(sources).flatMap(({ path, text }) =>
    commandLines(text).flatMap((line) => {
      const found = commands
        .filter(({ name }) => `${line} `.startsWith(`kcharm ${name} `))
        .toSorted((one, other) => other.name.length - one.name.length)[0]
      if (found === undefined) return [`${path}: no command: ${line}`]
      const { baseFlags = {}, flags = {} } = found.command
      const known = ['json', 'help', ...Object.keys({ ...baseFlags, ...flags })]
      const used = [...line.matchAll(/ --([a-z-]+)/g)].map(([, flag = '']) => flag)
      return used.filter((flag) => !known.includes(flag)).map((flag) => `${path}: ${found.name} has no --${flag}`)
    }),
  )
}

function pages(sources: Source[]): Source[] {
  return sources.filter(({ path }) => path.endsWith('.md'))
}

/** Of blocks of shell and terminal; a line that ends in a backslash goes on. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/```(?:sh|console)\n([^]*?)```/g)].map(([, block = '']) =>
    block.replaceAll('\\\n', ''),
  )
  return blocks.flatMap((block) => [...block.matchAll(/^(?:\$ )?(kcharm .*)$/gm)].map(([, line = '']) => line))
}
