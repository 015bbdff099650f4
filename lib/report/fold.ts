interface Screen {
  isTTY?: boolean
  columns?: number
}

/** On a terminal: lines that are too wide go on below, between words, behind the column in which they began. */
export function fold(text: string, { isTTY, columns }: Screen): string {
  if (isTTY !== true || !columns) return text
  return text
    .split('\n')
    .flatMap((line) => foldLine(line, columns))
    .join('\n')
}

function foldLine(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line]
  const hang = ' '.repeat(hangOf(line, columns))
  const lines: string[] = []
  let current = ''
  for (const word of line.split(/(?<=\S)(?= +\S)/)) {
    if (current === '' || widthOf(current + word) <= columns) current += word
    else {
      lines.push(current)
      current = hang + word.trimStart()
    }
  }
  return [...lines, current]
}

/** Below the last cell of a row that begins in its left half; otherwise a little to the right of the line's own begin. */
function hangOf(line: string, columns: number): number {
  const plain = line.replace(CODES, '')
  const cells = [...plain.matchAll(/(?<=\S {2,})\S/g)].map(({ index }) => index).filter((at) => at <= columns / 2)
  return cells.at(-1) ?? plain.search(/\S/) + 4
}

function widthOf(text: string): number {
  return [...text.replace(CODES, '')].length
}

/** Colours take no room. */
const CODES = /\u001b\[[0-9;]*m/g
