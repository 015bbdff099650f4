import { join } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { expect, test } from 'vitest'
import { readCommands } from '../../docs/render/command-files.ts'
import { renderCommands } from '../../docs/render/commands.ts'
import { errorPage } from '../../docs/render/error-pages.ts'
import { renderErrors } from '../../docs/render/errors.ts'
import { renderFields } from '../../docs/render/fields.ts'
import { INVENTORY, renderPages } from '../../docs/render/pages.ts'
import { BaseCommand } from '../../lib/cli/base-command.ts'
import { CODES } from '../../lib/errors/index.ts'
import { parseInventory } from '../../lib/model/inventory.ts'
import { deadLinks, unknownCommands } from './pages.ts'
import { readSources, ROOT } from './sources.ts'

/** `npm run docs` runs this test with `--update`. */
test('the reference pages are what the code says', async () => {
  const pages = await renderPages()
  expect(Object.keys(pages)).toHaveLength(8 + Object.keys(CODES).length)
  for (const [path, text] of Object.entries(pages)) {
    await expect(text).toMatchFileSnapshot(join(ROOT, path))
  }
})

test('every error has its page, and the table leads to it', async () => {
  const pages = await renderPages()
  const table = pages['docs/reference/errors.md'] ?? ''
  for (const [code, { exit, says }] of Object.entries(CODES)) {
    expect(pages[errorPage(code)]).toContain(`# ${code}\n\nExit status ${exit}: ${says}.`)
    expect(pages[errorPage(code)]).toMatch(/\n```text\n[^]+\n```\n\n\*\*What to do\.\*\* \S/)
    expect(table).toContain(`](errors/${code}.md)`)
  }
})

test('what changes in the code changes on its page', () => {
  class Command extends BaseCommand {
    static override summary = 'show a planted command'
    static override args = { unit: Args.string({ description: 'a planted unit' }) }
    static override flags = { level: Flags.string({ char: 'l', summary: 'a planted flag', default: 'INFO' }) }
    override run = () => Promise.resolve()
  }
  const page = renderCommands([{ name: 'plant', command: Command }])
  expect(page).toContain('kcharm plant [UNIT] [FLAGS]')
  expect(page).toContain(
    'Show a planted command.\n\n- `UNIT`: a planted unit\n- `--level LEVEL`, `-l`: a planted flag (default `INFO`)',
  )
  const field = { path: 'machines[].rack', type: 'text', required: false, default: ['a'], sentence: 'A planted field.' }
  expect(renderFields([field])).toBe('- `machines[].rack` (text; default `["a"]`): A planted field.\n')
  expect(renderErrors({ planted: { exit: 99, retry: true, says: 'a fault' } })).toContain(
    '| 99 | `planted` | a fault | yes |',
  )
})

test('pages link to what is there, and their commands exist', async () => {
  const commands = await readCommands()
  const planted = [
    {
      path: 'docs/a.md',
      text: 'See [this](architecture.md#rules), [that](gone.md), ![a picture](../gone.svg), https://example.org',
    },
    {
      path: 'b.md',
      text: '```sh\nkcharm deploy x --yes --prunes\n```\n```console\n$ kcharm lab upp\nkata: kcharm\n```\n',
    },
  ]
  expect(deadLinks(planted)).toEqual(['docs/a.md: gone.md', 'docs/a.md: ../gone.svg'])
  expect(unknownCommands(planted, commands)).toEqual([
    'b.md: deploy has no --prunes',
    'b.md: no command: kcharm lab upp',
  ])
  const sources = readSources()
  expect(deadLinks(sources)).toEqual([])
  expect(unknownCommands(sources, commands)).toEqual([])
})

test('the example of an inventory is one', () => {
  const { machines } = parseInventory(INVENTORY, { file: '/srv/inventory.yaml', home: '/home/ann' })
  expect(machines.map(({ name, port }) => [name, port])).toEqual([
    ['node-a', undefined],
    ['node-b', 2222],
  ])
})
