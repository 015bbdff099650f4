import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { agree, approve } from '../../lib/cli/approve.ts'

function terminal(answer: string | undefined, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY })
  if (answer === undefined) input.end()
  else input.write(`${answer}\n`)
  return { input, output: new PassThrough() }
}

test.each(['y', 'yes', 'Y', ' yes '])('%j is a yes', async (answer) => {
  await approve('Go on?', terminal(answer))
})

test.each(['', 'n', 'yesterday', undefined])('%j is none', async (answer) => {
  await expect(approve('Go on?', terminal(answer))).rejects.toMatchObject({ code: 'declined' })
})

test('where there is no terminal nobody is asked, and --yes is named', async () => {
  await expect(approve('Go on?', terminal('y', false))).rejects.toMatchObject({
    code: 'declined',
    detail: { hint: 'look at them, then add --yes' },
  })
})

const ASKS = ['sandboxes of the old version end (n1)', 'a package’s old version may be gone (n1, n2)']

test('where all can be taken back, or --accept was given, nobody is asked', async () => {
  await agree([], false, terminal(undefined, false))
  await agree(ASKS, true, terminal(undefined, false))
})

test('what cannot be taken back is asked for by name; a yes goes on, anything else does not', async () => {
  const yes = terminal('y')
  await agree(ASKS, false, yes)
  expect(String(yes.output.read())).toContain(`${ASKS.join('; ')}. Go on all the same? [y/N]`)
  await expect(agree(ASKS, false, terminal('n'))).rejects.toMatchObject({ code: 'declined' })
})

test('without a terminal --yes is not enough: what cannot be taken back is named, and --accept', async () => {
  await expect(agree(ASKS, false, terminal('y', false))).rejects.toMatchObject({
    code: 'declined',
    message: `the plan cannot be taken back everywhere: ${ASKS.join('; ')}`,
    detail: { hint: 'look at it, then add --accept' },
  })
})

test('who does not answer in time has said no', async () => {
  const time = { within: () => 0.05 }
  await expect(approve('Go on?', { input: silent(), output: new PassThrough(), time })).rejects.toMatchObject({
    code: 'declined',
    message: 'a question was not answered within 0.05 s',
  })
})

function silent() {
  return Object.assign(new PassThrough(), { isTTY: true })
}
