import { closeSync, fdatasyncSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Journal, JournalEntry } from './store.ts'

/** A journal of JSON lines. A line that was torn by a crash stands alone and is left out when reading. */
export function journalFile(file: string, mask: <T>(value: T) => T = (value) => value): Journal {
  let fd: number | undefined
  return {
    append(entry) {
      fd ??= openForAppending(file)
      writeSync(fd, `${JSON.stringify(mask(entry))}\n`)
      fdatasyncSync(fd)
    },
    async read() {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return ''
        throw error
      })
      return text.split('\n').flatMap(parseEntry)
    },
    close() {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

/** What a crash tore off gets its line end, so that the next entry does not join it. */
function openForAppending(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fd = openSync(file, 'a+', 0o600)
  const { size } = fstatSync(fd)
  const last = Buffer.alloc(1)
  if (size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n') writeSync(fd, '\n')
  return fd
}

function parseEntry(line: string): JournalEntry[] {
  try {
    const entry = JSON.parse(line) as JournalEntry
    return typeof entry.t === 'string' && typeof entry.at === 'string' ? [entry] : []
  } catch {
    return []
  }
}
