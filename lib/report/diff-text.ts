import { structuredPatch } from 'diff'
import { maskText } from './mask.ts'

/** The hunks of a unified diff as lines. Whole texts are masked first: a hunk alone may not show whose value it is. */
export function diffLines(texts: { before: string; after: string }): string[] {
  const { hunks } = structuredPatch('', '', maskText(texts.before), maskText(texts.after), '', '', { context: 2 })
  return hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
}
