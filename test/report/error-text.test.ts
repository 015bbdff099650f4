import { expect, test } from 'vitest'
import { KcharmError } from '../../lib/errors/index.ts'
import { errorJson, renderError } from '../../lib/report/error-text.ts'

test('an error says what, where, every fault, and what to do', () => {
  const error = new KcharmError('unit-failed', 'containerd does not come up', {
    unit: 'containerd/0',
    machine: 'n1',
    faults: ['a.yaml:1:2: wrong', 'a.yaml:3:4: wrong too'],
    hint: 'look at the log',
  })
  expect(renderError(error)).toBe(
    `error: containerd does not come up
  containerd/0 / n1
  a.yaml:1:2: wrong
  a.yaml:3:4: wrong too
  hint: look at the log
`,
  )
})

test('neither secrets nor control characters get out', () => {
  const error = new KcharmError('unit-failed', 'https://u:geheimnis@h/ says \u001b[31mno', {
    faults: ['token="abcdefg"'],
  })
  expect(renderError(error)).toMatch(
    /^error: https:\/\/«secret \w{4}»@h\/ says \\u\{1b\}\[31mno\n {2}token="«secret \w{4}»"\n$/,
  )
  expect(JSON.stringify(errorJson(error))).not.toMatch(/geheimnis|abcdefg/)
})

test('programs get code and exit status', () => {
  expect(errorJson(new KcharmError('locked', 'in use', { hint: 'wait' }))).toEqual({
    error: { code: 'locked', exit: 12, message: 'in use', hint: 'wait' },
  })
})
