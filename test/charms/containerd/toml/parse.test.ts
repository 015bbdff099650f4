import { expect, test } from 'vitest'
import { leafKey, leaves, lookup, parseToml } from '../../../../charms/containerd/toml/parse.ts'
import { statements } from '../../../../charms/containerd/toml/statements.ts'
import { edited, readFixtures } from './fixtures.ts'

test.each([
  ['a byte order mark', '\uFEFFversion = 2\n', { version: 2 }],
  ['CRLF after a comment', '# x\r\nversion = 2\r\n', { version: 2 }],
  ['a local time before another line', 'at = 07:32:00\nversion = 2 # 08:00:00\n', { at: '07:32:00', version: 2 }],
])('reads %s', (_what, text, value) => {
  expect(parseToml(text, 'c.toml')).toEqual(value)
})

test.each([
  ['a value that is none', 'a = 1\nb = @\n', '2:5'],
  ['a key given twice', 'a = 1\n  a = 2\n', '2:3'],
  ['a table given twice', '[a]\nx = 1\n[a]\n', '3:1'],
  ['CRLF', '# x\r\na = 1\r\n\tb = @\r\n', '3:6'],
  ['a byte order mark', '\uFEFFa = @\n', '1:5'],
])('names line and column: %s', (_what, text, place) => {
  expect(() => parseToml(text, '/etc/c.toml')).toThrow(`/etc/c.toml:${place}: not valid TOML: `)
})

test('finds a value by its path and no inherited property', () => {
  const table = parseToml('[a."b.c"]\nd = 1\n', 'c.toml')
  expect(lookup(table, ['a', 'b.c', 'd'])).toBe(1)
  expect(lookup(table, ['a', 'toString'])).toBeUndefined()
})

const ODD = `
# [not.a.table] = 1
'a#b' . "c\\"d" = "x # \\" y" # z
[ x . 'y.z' ] # ]
t = """
[no] # no
"quoted" \\""""""
u = '''
'no' ''''
v = [ # ]
  "[", { w = ']' }, # }
  [1, 2], ]
w = { a.b = { c = [ "}" ] }, d = 1979-05-27 07:32:00, e = '' }
[[arr]]
n = 1979-05-27 07:32:00
`

test('finds each statement of odd spellings at its place', () => {
  const found = statements(ODD).filter(({ kind }) => kind !== 'comment')
  expect(found.map(({ kind, path, start, end }) => [kind, path.join('|'), ODD.slice(start, end).length])).toEqual([
    ['pair', 'a#b|c"d', `'a#b' . "c\\"d" = "x # \\" y"`.length],
    ['header', 'x|y.z', `[ x . 'y.z' ]`.length],
    ['pair', 'x|y.z|t', `t = """\n[no] # no\n"quoted" \\""""""`.length],
    ['pair', 'x|y.z|u', `u = '''\n'no' ''''`.length],
    ['pair', 'x|y.z|v', `v = [ # ]\n  "[", { w = ']' }, # }\n  [1, 2], ]`.length],
    ['pair', 'x|y.z|w', `w = { a.b = { c = [ "}" ] }, d = 1979-05-27 07:32:00, e = '' }`.length],
    ['inner', 'x|y.z|w|a|b', `a.b = { c = [ "}" ] }`.length],
    ['inner', 'x|y.z|w|a|b|c', `c = [ "}" ]`.length],
    ['inner', 'x|y.z|w|d', `d = 1979-05-27 07:32:00`.length],
    ['inner', 'x|y.z|w|e', `e = ''`.length],
    ['header', 'arr', `[[arr]]`.length],
    ['pair', 'arr|n', `n = 1979-05-27 07:32:00`.length],
  ])
})

test.each(edited(readFixtures()))('%s: the statements are those that the parser sees', (name, text) => {
  const pairs = statements(text).filter(
    ({ kind, value }) => (kind === 'pair' || kind === 'inner') && text[value] !== '{',
  )
  const parsed = [...leaves(parseToml(text, name)).keys()]
  const seen = pairs.map(({ path }) => parsed.find((key) => leafKey(path).startsWith(key)) ?? leafKey(path))
  expect([...new Set(seen)].toSorted()).toEqual(parsed.toSorted())
})
