import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { format } from 'prettier'
import { charms } from '../../charms/index.ts'
import { CODES } from '../../lib/errors/index.ts'
import { bundleFields } from '../../lib/model/bundle.ts'
import { inventoryFields } from '../../lib/model/inventory.ts'
import { bundleJsonSchema, inventoryJsonSchema } from '../../lib/model/json-schema.ts'
import { readCommands } from './command-files.ts'
import { renderCharms } from './charms.ts'
import { renderCommands } from './commands.ts'
import { renderErrorPages } from './error-pages.ts'
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
    ...renderErrorPages(),
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
relative to the file in which it stands.

## Variables and files

\`\`\`yaml
vars:
  release: 3.20.0
  shims: [qemu, clh]
applications:
  kata:
    charm: kata
    options: { version: "\${release}", shims: "\${shims}" }
    resources: { kata: "files/kata-static-\${release}-amd64.tar.xz" }
\`\`\`

\`\${NAME}\` in any value of an application stands for the variable. Alone it is the value, whatever its type; beside other text
it has to be text, a number or true | false, and a number is taken as it is written. \`$\${\` is a plain \`\${\`. An overlay may give
a variable another value. Variables do not refer to each other; one that is unknown, or that nothing uses, is a fault.

\`include-file://PATH\` as an option or a variable is the text of a file, which has to be UTF-8; \`include-base64://PATH\` is its bytes
in base64. The path is relative to the file that says it, and the file has at most 1 MiB. The model keeps what was read, not
the path: \`kcharm export-bundle\` writes the text, and \`kcharm diff-bundle\` compares it.`
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

${renderFields(inventoryFields())}
## Variables of machines

A variable says what is known of a machine: \`variables: { rack: r1 }\`, of its own or of its groups. \`to: rack=r1\` in a bundle and
\`--to rack=r1\` place by it, beside tags and names; \`kcharm machines\` and \`kcharm show-machine\` show it. Options do not refer to it:
an application has the same options on all its machines, and where they are to differ it is deployed twice, each time on the
machines of one value.`
}

function errorsPage(): string {
  return `# Errors and exit statuses

An error says what failed and where, what was expected, and what to do. With \`--json\` it is one document with \`code\`,
\`message\` and what else is known. When several units end badly, the exit status is that of the worst.

${renderErrors(CODES, (code) => `[\`${code}\`](errors/${code}.md)`)}`
}

const TABLE = /(<!-- exit statuses: npm run docs -->\n)[^]*?(<!-- end -->)/

function withExitCodes(readme: string, table: string): string {
  if (!TABLE.test(readme)) throw new Error('README.md has no place for the exit statuses')
  return readme.replace(TABLE, (_, start: string, end: string) => `${start}\n${table}\n${end}`)
}

function readOwn(path: string): Promise<string> {
  return readFile(resolve(import.meta.dirname, '../..', path), 'utf8')
}
