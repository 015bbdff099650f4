export interface Row {
  nodes: number
  delayMs: number
  /** Medians of whole processes, milliseconds. */
  kcharm: number
  floor: number
  /** kcharm's median over the floor's. */
  ratio: number
  /** kcharm's median less the floor's, milliseconds. */
  more: number
}

export interface Report {
  node: string
  cores: number
  rounds: number
  rows: Row[]
}

export function rowOf(scenario: { nodes: number; delayMs: number }, [ours, floors]: [number[], number[]]): Row {
  const [kcharm, floor] = [median(ours), median(floors)]
  return { ...scenario, kcharm, floor, ratio: kcharm / floor, more: kcharm - floor }
}

export function renderReport({ node, cores, rounds, rows }: Report): string {
  const head = ['nodes', 'round trip', 'kcharm', 'floor', 'ratio', 'more']
  const body = rows.map((row) => [
    String(row.nodes),
    `${row.delayMs} ms`,
    `${row.kcharm.toFixed(0)} ms`,
    `${row.floor.toFixed(0)} ms`,
    row.ratio.toFixed(2),
    `${row.more.toFixed(0)} ms`,
  ])
  const widths = head.map((word, column) => Math.max(word.length, ...body.map((cells) => cells[column]?.length ?? 0)))
  const lines = [head, ...body].map((cells) =>
    cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  )
  const title = `A deploy that has nothing to do, beside plain ssh2 sending the same bytes: medians of ${rounds} runs of the whole process`
  return `${title}\n(${node}, ${cores} cores, rootless nodes)\n\n${lines.join('\n')}\n`
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}
