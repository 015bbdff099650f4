import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from '@oclif/core'
import { BaseCommand } from '../../lib/cli/base-command.ts'

const FOLDER = resolve(import.meta.dirname, '../../lib/cli/commands')

export interface NamedCommand {
  /** As it is typed: `deploy bundle`. */
  name: string
  command: Command.Class
}

/** All commands in the order of their names. The file tree is the command tree. */
export async function readCommands(): Promise<NamedCommand[]> {
  const files = (await readdir(FOLDER, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const found = await Promise.all(files.map(readCommand))
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

async function readCommand(file: string): Promise<NamedCommand> {
  const { default: command }: { default: Command.Class } = await import(join(FOLDER, file))
  if (!(command.prototype instanceof BaseCommand)) throw new Error(`${file} holds no command`)
  return { name: file.replace(/(\/index)?\.ts$/, '').replaceAll('/', ' '), command }
}
