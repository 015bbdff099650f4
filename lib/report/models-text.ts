import type { ModelReport } from '../run/read-models.ts'
import { renderTable } from './table.ts'
import { oneLine } from './terminal-text.ts'
import { shownTime } from './time-text.ts'

/** One line for each model, the current one with a star. */
export function renderModels(models: ModelReport[]): string {
  if (models.length === 0) return 'There is no model yet: kcharm deploy bundle BUNDLE --inventory FILE makes one.\n'
  const rows = models.map(({ name, current, machines, units, visited, fault }) => [
    current ? `${name}*` : name,
    String(machines),
    String(units),
    fault === undefined ? shownTime(visited) : oneLine(fault),
  ])
  return renderTable([['Model', 'Machines', 'Units', 'Last visit'], ...rows])
}
