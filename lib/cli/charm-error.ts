import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { KcharmError } from '../errors/index.ts'

/** Where a charm's files were run, and where the operator has them. */
interface Places {
  from: string
  to: string
}

/** What went wrong while a charm's module was read or run, at its place in the operator's folder. */
export function faultOfModule(thrown: unknown, { from, to }: Places): KcharmError {
  if (thrown instanceof KcharmError) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const theirs = (text: string) => {
    const plain = text.replaceAll('file://', '')
    return plain.replaceAll(from, to).replaceAll(dirname(from), dirname(to)) // what a charm imports from above it, too
  }
  const place = placeOf(error.stack ?? '', from) ?? (error instanceof SyntaxError ? placeOfSyntax(from) : undefined)
  const [message = ''] = error.message.split('\n')
  return new KcharmError('invalid-charm', `${theirs(place ?? to)}: ${theirs(message)}`)
}

/** `file:line:column` of the first place in the charm: the one above the message, else that of the stack. */
function placeOf(stack: string, folder: string): string | undefined {
  const lines = stack.split('\n')
  const [, file, line] = /^(?:file:\/\/)?(\/.*):(\d+)$/.exec(lines[0] ?? '') ?? []
  if (file?.startsWith(folder)) return [file, line, caretOf(lines)].filter((part) => part !== undefined).join(':')
  const home = pathToFileURL(folder).href
  const frame = lines.find((each) => /^\s+at /.test(each) && each.includes(home))
  return frame?.slice(frame.indexOf(home)).replace(/\)$/, '')
}

function caretOf(lines: string[]): string | undefined {
  const caret = lines.slice(1, 4).find((each) => /^\s*\^+\s*$/.test(each))
  return caret === undefined ? undefined : String(caret.indexOf('^') + 1)
}

/** Node keeps the place to itself when a module is imported; it tells it when asked to check a file. */
function placeOfSyntax(folder: string): string | undefined {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.m?js$/.test(file))
  for (const file of files) {
    const { stderr } = spawnSync(process.execPath, ['--check', join(folder, file)], { encoding: 'utf8' })
    const place = placeOf(stderr, folder)
    if (place !== undefined) return place
  }
  return undefined
}
