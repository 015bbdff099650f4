import { holdings, type Line, openOperation, recordsOf } from './manifest.ts'

/** From so many lines on a manifest is worth being written anew. */
export const LONG = 400

/**
 * The same net state in as few lines as it takes: whose machine it is, what each unit holds, claims, and each unit's record.
 * Nothing is left out while an operation is open: its own lines are what it would be taken back by.
 */
export function compact(lines: Line[]): Line[] {
  const records = [...recordsOf(lines).values()]
  const units = [...new Set(lines.flatMap((line) => (line.t === 'intent' || line.t === 'begin' ? [line.unit] : [])))]
  if (units.some((unit) => openOperation(lines, unit) !== undefined)) return lines
  let n = 0
  const held = units.flatMap((unit) =>
    holdings(lines, unit).flatMap((each) =>
      each.stretches.map((stretch): Line => {
        const { key, stage, reads, edit, ground } = each
        const extra = {
          ...(reads.length > 0 ? { reads } : {}),
          ...(edit ? { edit: true as const } : {}),
          ...(ground === undefined ? {} : { ground }),
        }
        return {
          t: 'intent',
          n: ++n,
          op: 'compacted',
          unit,
          stage,
          key,
          of: each.of,
          verb: 'as before',
          ...stretch,
          ...extra,
        }
      }),
    ),
  )
  return [
    ...lines.filter((line) => line.t === 'model'),
    ...held,
    ...lines.filter((line) => line.t === 'claim'),
    ...records.map((record): Line => ({ t: 'end', record })),
  ]
}
