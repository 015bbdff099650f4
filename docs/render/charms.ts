import { renderStatechart, waysOf } from '../../lib/report/charm-text.ts'
import type { Charm } from '../../lib/lifecycle/charm.ts'
import type { Endpoint } from '../../lib/model/endpoint.ts'
import { optionDocs } from '../../lib/model/options.ts'
import { renderFields } from './fields.ts'

const INTRO = `# Charms

Options are set in a bundle (\`options\`), or with \`kcharm config APP KEY=VALUE\`. \`kcharm charm show NAME\` prints the same.
`

/** The page of all charms: options, endpoints, resources, and their lives as diagrams. */
export function renderCharms(charms: Charm[]): string {
  return [INTRO, ...charms.map(renderCharm)].join('\n')
}

function renderCharm(charm: Charm): string {
  const endpoints = Object.entries(charm.endpoints).map(
    ([name, endpoint]) => `- \`${name}\`: ${endpointText(endpoint)}\n`,
  )
  const resources = Object.entries(charm.resources).map(([name, { description }]) => `- \`${name}\`: ${description}.\n`)
  const place = charm.subordinate ? ' A subordinate: it gets a unit beside each unit that it is related to.' : ''
  return [
    `## ${charm.name}\n`,
    `${charm.summary}.${place} More: [its own page](../../charms/${charm.name}/README.md).\n`,
    `### Options of ${charm.name}\n`,
    renderFields(optionDocs(charm)),
    `### Endpoints of ${charm.name}\n`,
    endpoints.join(''),
    `### Resources of ${charm.name}\n`,
    resources.join(''),
    `### Upgrades of ${charm.name}\n`,
    ways(charm),
    `### The life of ${charm.name}\n`,
    `\`\`\`mermaid\n${renderStatechart(charm.chart).trimEnd()}\n\`\`\`\n`,
  ].join('\n')
}

/** A list, what changes below each way. */
function ways(charm: Charm): string {
  const [intro = '', ...lines] = waysOf(charm)
  const items = lines.map((line) => line.replace(/^( *)/, '$1- '))
  return [`${intro.charAt(0).toUpperCase()}${intro.slice(1)}\n`, ...items, ''].join('\n')
}

function endpointText({ role, interface: { name, version }, scope, limit, required }: Endpoint): string {
  const place = scope === 'container' ? ['on the same machine'] : []
  const must = required ? ['required'] : []
  const most = limit === undefined ? [] : [`at most ${limit}`]
  return `${[`${role} \`${name}\` version ${version}`, ...place, ...must, ...most].join(', ')}.`
}
