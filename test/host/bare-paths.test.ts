import { expect, test } from 'vitest'
import { READING_PRELUDE, WRITING_PRELUDE } from '../../lib/host/prelude.ts'
import { path } from '../../lib/host/shell.ts'
import { everyReading, EVERY_OBJECT, everyWrite } from './every-script.ts'

/** A path of the machine that does not stand behind the root prefix. The bit bucket is no place on any machine. */
const BARE =
  /(?<!"\$R"?'?)(?<!\$R)(?<![\w./}*-])\/(?!dev\/null\b)(bin|boot|dev|etc|home|lib|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)\b/

test('no script holds a path of the machine that is not below the root prefix', () => {
  const scripts = [READING_PRELUDE, WRITING_PRELUDE, ...everyReading().map((each) => each.script), ...everyWrite()]
  const lines = scripts.flatMap((script) => script.split('\n'))
  expect(lines.filter((line) => BARE.test(line))).toEqual([])
  expect(lines.filter((line) => line.includes('$R')).length).toBeGreaterThan(50)
})

test('every kind of host object is among them', () => {
  const kinds = ['archive', 'directory', 'edit', 'file', 'kernel-module', 'link', 'package', 'service']
  expect([...new Set(EVERY_OBJECT.map(({ kind }) => kind))]).toEqual(kinds)
})

test('the test would notice', () => {
  for (const line of [
    'cat /etc/x',
    'x="/etc/x"',
    "x='/etc/x'",
    '>/var/x',
    'a:/run',
    '$(</proc/locks)',
    '[ -d "/opt" ]',
  ]) {
    expect(line).toMatch(BARE)
  }
  for (const line of ['"$R"/etc/x', `"$R"'/etc/ x'`, '"$R/etc/x"', `cat ${path('/etc/x')} >/dev/null`, 'a/etc/x']) {
    expect(line).not.toMatch(BARE)
  }
})

test('only whole absolute paths go behind it', () => {
  for (const bad of ['etc', '', '/etc/../etc', '/..']) expect(() => path(bad)).toThrow(/not an absolute path/)
})
