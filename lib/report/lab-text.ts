import type { LabStatus } from '../lab/index.ts'
import { renderTable } from './table.ts'

/** Labs and their nodes as tables. */
export function renderLabs(labs: readonly LabStatus[]): string {
  if (labs.length === 0) return 'There are no labs; kcharm lab up makes one.\n'
  return labs.map(renderLab).join('\n')
}

function renderLab({ lab, nodes }: LabStatus): string {
  const rows = nodes.map(({ node, state }) => {
    return [node.name, state, `${node.address}:${node.port}`, node.ownAddress, node.base, node.tags.join(', ')]
  })
  const title = `Lab ${lab.name} (${lab.kind}), inventory ${lab.inventory}\n`
  return title + renderTable([['Node', 'State', 'Address', 'Own address', 'Base', 'Tags'], ...rows])
}
