import { COMPACTED, holdings, type Line, openOperation, recordsOf } from './manifest.ts'

/** From so many lines on a manifest is worth being written anew. */
export const LONG = 400

/**
 * The same net state in as few lines as it takes: whose machine it is, what each unit holds, claims, and each unit's record.
 * Nothing is left out while an operation is open, and nothing since the first one that can still be gone back over: its own
 * lines are what it would be taken back by.
 */
export function compact(lines: Line[]): Line[] {
  if (unitsIn(lines).some((unit) => openOperation(lines, unit) !== undefined)) return lines
  const start = firstKept(lines)
  const later = lines.slice(start)
  const first = Math.min(...later.flatMap((line) => (line.t === 'intent' ? [line.n] : [])))
  const undone = later.filter((line) => line.t === 'undone')
  return [...netOf([...lines.slice(0, start), ...undone]), ...later.flatMap((line) => since(line, first))]
}

/** Where the lines begin that a rollback would read. */
function firstKept(lines: Line[]): number {
  const kept = [...recordsOf(lines).values()].flatMap((record) => (record.kept ?? []).map(({ op }) => ({ op, record })))
  const places = kept.map(({ op, record: { unit } }) => {
    return lines.findIndex((line) => line.t === 'begin' && line.op === op && line.unit === unit)
  })
  return Math.min(lines.length, ...places.filter((place) => place >= 0))
}

/** What was undone of earlier lines is in their net state already. */
function since(line: Line, first: number): Line[] {
  if (line.t === 'model') return []
  if (line.t !== 'undone') return [line]
  const ns = line.ns.filter((n) => n >= first)
  return ns.length === 0 ? [] : [{ ...line, ns }]
}

function netOf(lines: Line[]): Line[] {
  let n = 0
  const held = unitsIn(lines).flatMap((unit) =>
    holdings(lines, unit).flatMap((each) =>
      each.stretches.map((stretch): Line => {
        const { key, stage, reads, edit, ground, firm } = each
        const extra = {
          ...(reads.length > 0 ? { reads } : {}),
          ...(edit ? { edit: true as const } : {}),
          ...(ground === undefined ? {} : { ground }),
          ...(firm ? { firm: true as const } : {}),
        }
        return {
          t: 'intent',
          n: ++n,
          op: COMPACTED,
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
    ...[...recordsOf(lines).values()].map((record): Line => ({ t: 'end', record })),
  ]
}

function unitsIn(lines: Line[]): string[] {
  return [...new Set(lines.flatMap((line) => (line.t === 'intent' || line.t === 'begin' ? [line.unit] : [])))]
}
