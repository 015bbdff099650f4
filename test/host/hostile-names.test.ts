import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SURROUNDINGS } from '../ssh/shells.ts'
import { testMachine } from './machine.ts'

/** Legal names of files that a shell could take for something else. */
const NAMES = [
  'two  words ',
  ' leading',
  `it's "quoted"`,
  '$HOME $(touch pwned) `touch pwned`',
  ';rm -rf .',
  '-rf',
  '--help',
  'back\\slash \\n',
  'line\nbreak',
  '*?[a]{b,c}',
  'ünïcödé 🦀',
  '%s%n',
  '~root',
  '#hash & <in >out |',
  '[MARKER',
]

describe.each(SURROUNDINGS)('%s', (name) => {
  test('files, directories and links of any name are made, found right, and taken away', async () => {
    const on = await testMachine(name)
    for (const word of NAMES) {
      const file = on.make({ kind: 'file', path: `/etc/f/${word}`, text: word })
      expect(readFileSync(join(on.root, 'etc/f', word), 'utf8')).toBe(word)
      const folder = on.make({ kind: 'directory', path: `/etc/d/${word}/in it` })
      const link = on.make({ kind: 'link', path: `/etc/l/${word}`, target: word })
      expect(readlinkSync(join(on.root, 'etc/l', word))).toBe(word)
      expect(on.make({ kind: 'file', path: `/etc/f/${word}`, text: word })).toBeUndefined()
      expect(on.make({ kind: 'directory', path: `/etc/d/${word}/in it` })).toBeUndefined()
      expect(on.make({ kind: 'link', path: `/etc/l/${word}`, target: word })).toBeUndefined()
      for (const change of [link, folder, file]) if (change) on.undo(change)
    }
    expect(readdirSync(join(on.root, 'etc/f'))).toEqual([])
    expect(readdirSync(join(on.root, 'etc/l'))).toEqual([])
    expect(existsSync(join(on.root, 'pwned'))).toBe(false)
  })

  test('an absolute target of any name is below the root prefix', async () => {
    const on = await testMachine(name)
    for (const word of NAMES) {
      const object = { kind: 'link', path: '/opt/link', target: `/opt/${word}` } as const
      on.make(object)
      expect(readlinkSync(join(on.root, 'opt/link'))).toBe(`${on.root}/opt/${word}`)
      expect(on.make(object)).toBeUndefined()
    }
    expect(lstatSync(join(on.root, 'opt/link')).isSymbolicLink()).toBe(true)
  })

  test('validation sees the new file by its name', async () => {
    const on = await testMachine(name)
    const validate = { argv: ['grep', '-qF', `it's`, '{new}'] }
    on.make({ kind: 'file', path: `/etc/a b'c`, text: `it's\n`, validate })
    expect(() => on.make({ kind: 'file', path: `/etc/a b'c`, text: 'no\n', validate })).toThrow(/refused by grep/)
  })
})
