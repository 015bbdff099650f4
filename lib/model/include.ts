import { dirname, resolve } from 'node:path'
import { quote, type Problem } from './faults.ts'

/** Reads a file of the operator's; `fault`: why that cannot be, in words. */
export type ReadFile = (path: string) => { bytes: Uint8Array } | { fault: string }

/** `include-file://P` is the text of a file, `include-base64://P` its bytes, as in Juju. */
const DIRECTIVE = /^include-(file|base64):\/\/(.*)$/s

export function isDirective(text: string): boolean {
  return DIRECTIVE.test(text)
}

/** What a directive stands for; `file` holds it, and paths are relative to that. */
export function included(
  text: string,
  { file, read }: { file: string; read: ReadFile },
): { value: string } | { fault: Omit<Problem, 'path'> } {
  const [, form, path = ''] = DIRECTIVE.exec(text) ?? []
  if (!/^[^\p{Cc}]{1,4096}$/u.test(path)) {
    return { fault: { what: 'not accepted', says: `expected include-${form}://PATH` } }
  }
  const found = read(resolve(dirname(file), path))
  if ('fault' in found) return { fault: { what: `cannot include ${quote(path)}`, says: found.fault } }
  if (form === 'base64') return { value: Buffer.from(found.bytes).toString('base64') }
  try {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(found.bytes) }
  } catch {
    return { fault: { what: `cannot include ${quote(path)}`, says: 'it is not UTF-8; use include-base64://' } }
  }
}
