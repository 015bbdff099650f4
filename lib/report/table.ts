/** Columns as wide as their widest cell, two blanks apart, nothing behind the last. The first row is the heading. */
export function renderTable(rows: string[][], dress: (cell: string, row: number, column: number) => string = (c) => c) {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  const lines = rows.map((row, index) => {
    const cells = row.map((cell, column) => {
      const blanks = ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length))
      return dress(cell, index, column) + blanks
    })
    return cells.join('  ').trimEnd()
  })
  return `${lines.join('\n')}\n`
}
