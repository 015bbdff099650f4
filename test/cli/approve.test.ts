import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { approve } from '../../lib/cli/approve.ts'

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
