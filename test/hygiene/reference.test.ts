import { join } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { renderCommands } from '../../docs/render/commands.ts'
import { renderErrors } from '../../docs/render/errors.ts'
import { renderFields } from '../../docs/render/fields.ts'
import { INVENTORY, renderPages } from '../../docs/render/pages.ts'
import { BaseCommand } from '../../lib/cli/base-command.ts'
import { parseInventory } from '../../lib/model/inventory.ts'
import { ROOT } from './sources.ts'

/** `npm run docs` runs this test with `--update`. */
test('the reference pages are what the code says', async () => {
  const pages = await renderPages()
  expect(Object.keys(pages)).toHaveLength(6)
  for (const [path, text] of Object.entries(pages)) {
    await expect(await laidOut(path, text)).toMatchFileSnapshot(join(ROOT, path))
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
  expect(page).toContain('Show a planted command.\n\n- `UNIT`: a planted unit\n- `--level LEVEL`, `-l`: a planted flag (default `INFO`)')
  const field = { path: 'machines[].rack', type: 'text', required: false, default: ['a'], sentence: 'A planted field.' }
  expect(renderFields([field])).toBe('- `machines[].rack` (text; default `["a"]`): A planted field.\n')
  expect(renderErrors({ planted: { exit: 99, retry: true, says: 'a fault' } })).toContain('| 99 | `planted` | a fault | yes |')
})

test('the example of an inventory is one', () => {
  const { machines } = parseInventory(INVENTORY, { file: '/srv/inventory.yaml', home: '/home/ann' })
  expect(machines.map(({ name, port }) => [name, port])).toEqual([
    ['node-a', 22],
    ['node-b', 2222],
  ])
})

async function laidOut(path: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(join(ROOT, 'README.md'))), filepath: path })
}
