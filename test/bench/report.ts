/** What a part of the bench has measured, as a table of the README. */
export interface Table {
  title: string
  head: string[]
  rows: string[][]
}

export function renderTable({ title, head, rows }: Table): string {
  const widths = head.map((word, column) => Math.max(word.length, ...rows.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => `${'-'.repeat(width - 1)}:`).join(' | ')} |`
  return `${title}\n\n${[line(head), rule, ...rows.map(line)].join('\n')}\n`
}

export const asMs = (ms: number): string => `${ms.toFixed(0)} ms`
export const asMb = (mb: number): string => `${mb.toFixed(0)} MB`
export const asRatio = (ratio: number): string => ratio.toFixed(2)
