import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { format } from 'prettier'
import { charms } from '../../charms/index.ts'
import { bundleFields } from '../../lib/model/bundle.ts'
import { inventoryFields } from '../../lib/model/inventory.ts'
import { bundleJsonSchema, inventoryJsonSchema } from '../../lib/model/json-schema.ts'
import { readCommands } from './command-files.ts'
import { renderCharms } from './charms.ts'
import { renderCommands } from './commands.ts'
import { renderErrors } from './errors.ts'
import { renderFields } from './fields.ts'

const NOTE = '<!-- Made by npm run docs from the code. -->\n\n'

/** Every page that is made from the code, by its path. */
export async function renderPages(): Promise<Record<string, string>> {
  const pages = {
    'docs/reference/commands.md': renderCommands((await readCommands()).filter(({ command }) => !command.hidden)),
    'docs/reference/bundle.md': await bundlePage(),
    'docs/reference/inventory.md': inventoryPage(),
    'docs/reference/charms.md': renderCharms(Object.values(charms)),
    'docs/reference/errors.md': errorsPage(),
  }
  const laidOut: Record<string, string> = {}
  for (const [path, text] of Object.entries(pages)) laidOut[path] = await layOut(NOTE + text)
  const schemas = { bundle: bundleJsonSchema(charms), inventory: inventoryJsonSchema() }
  for (const [name, schema] of Object.entries(schemas)) {
    laidOut[`docs/reference/${name}.schema.json`] = await format(JSON.stringify(schema), {
      parser: 'json',
      printWidth: 120,
    })
  }
  return { ...laidOut, 'README.md': withExitCodes(await readOwn('README.md'), await layOut(renderErrors())) }
}

function layOut(markdown: string): Promise<string> {
  return format(markdown, { parser: 'markdown', printWidth: 120 })
}

async function bundlePage(): Promise<string> {
  const example = await readOwn('bundles/containerd-kata.yaml')
  return `# The bundle

What is deployed, as a YAML file in Juju's words. A field that is not listed here is a fault; all faults of a file are shown
at once, with line and column, before any machine is asked.

\`\`\`yaml
${example}\`\`\`

\`NAME\` stands for a name of your choice, \`[]\` for each entry of a list.

${renderFields(bundleFields())}
## Overlays

\`--overlay FILE\` lays further files over a bundle, and so do further documents in its own file. Options and resources of an
application are merged, its other fields replaced; relations add up, machines are replaced by their names. An application that
is nothing (\`kata:\`) goes with its relations; a single relation goes by \`removed-relations\`, a list like \`relations\`. A path is
relative to the file in which it stands.`
}

/** An inventory as people write it; a test reads it. */
export const INVENTORY = `# yaml-language-server: $schema=inventory.schema.json
known-hosts: ~/.ssh/known_hosts
machines:
  - name: node-a
    address: 192.0.2.11
    user: deploy
    key: ~/.ssh/id_ed25519
    tags: [worker]
  - name: node-b
    address: node-b.example.org
    port: 2222
`

function inventoryPage(): string {
  return `# The inventory

Which machines there are and how to reach them, apart from the bundle. \`kcharm deploy --inventory FILE\` remembers it.

\`\`\`yaml
${INVENTORY}\`\`\`

\`[]\` stands for each entry of a list.

${renderFields(inventoryFields())}`
}

function errorsPage(): string {
  return `# Errors and exit statuses

An error says what failed and where, what was expected, and what to do. With \`--json\` it is one document with \`code\`,
\`message\` and what else is known. When several units end badly, the exit status is that of the worst.

${renderErrors()}`
}

const TABLE = /(<!-- exit statuses: npm run docs -->\n)[^]*?(<!-- end -->)/

function withExitCodes(readme: string, table: string): string {
  if (!TABLE.test(readme)) throw new Error('README.md has no place for the exit statuses')
  return readme.replace(TABLE, (_, start: string, end: string) => `${start}\n${table}\n${end}`)
}

function readOwn(path: string): Promise<string> {
  return readFile(resolve(import.meta.dirname, '../..', path), 'utf8')
}
