import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { journalFile } from '../../lib/state/journal-file.ts'
import type { JournalEntry } from '../../lib/state/store.ts'
import { folder } from './folder.ts'

const entry = (op: string): JournalEntry => ({ at: '2026-01-01T00:00:00.000Z', op, t: 'end', code: 'ok' })

test('entries come back in order, also over several openings', async () => {
  const file = join(folder(), 'model', 'journal.jsonl')
  expect(await journalFile(file).read()).toEqual([])
  for (const op of ['a', 'b']) {
    const journal = journalFile(file)
    journal.append(entry(op))
    journal.append(entry(`${op}2`))
    journal.close()
  }
  expect((await journalFile(file).read()).map(({ op }) => op)).toEqual(['a', 'a2', 'b', 'b2'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a torn last line is left out, and does not spoil the entry after it', async () => {
  const file = join(folder(), 'journal.jsonl')
  const journal = journalFile(file)
  journal.append(entry('whole'))
  journal.close()
  appendFileSync(file, '{"at":"2026-01-01T00:00:00.000Z","op":"torn","t":"e')
  expect((await journalFile(file).read()).map(({ op }) => op)).toEqual(['whole'])
  const next = journalFile(file)
  next.append(entry('after'))
  next.close()
  expect((await journalFile(file).read()).map(({ op }) => op)).toEqual(['whole', 'after'])
})

test('an entry is in the file when append returns', () => {
  const file = join(folder(), 'journal.jsonl')
  const journal = journalFile(file)
  journal.append(entry('now'))
  expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(entry('now'))}\n`)
  journal.close()
})
