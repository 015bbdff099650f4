import type { Key } from '../host/view.ts'
import type { Answer, Ask } from './ask.ts'
import { type Holding, holdings, type Line, nextNumber } from './manifest.ts'
import type { Site, Unit } from './unit.ts'

type Steps<T> = Generator<Ask, T, Answer>

/** A unit that needs what another unit made says so: the last one out puts back what was there before. */
export function* claim(site: Site, unit: Unit, key: Key): Steps<void> {
  const holds = (name: string) => holdings(site.lines, name).some((held) => held.key === key)
  const others = site.units.filter((other) => other.name !== unit.name)
  if (holds(unit.name) || claims(site.lines, unit.name, key) || !others.some((other) => holds(other.name))) return
  const line: Line = { t: 'claim', unit: unit.name, stage: unit.state, key }
  site.lines.push(line)
  yield { do: 'note', lines: [line] }
}

/** Another unit that stays and needs the thing. */
export function claimant(site: Site, unit: Unit, key: Key): Unit | undefined {
  return site.units.find(
    (other) =>
      other.name !== unit.name && other.life === 'present' && claims(site.lines, other.name, key) !== undefined,
  )
}

/** The thing stays; from now on the heir holds it, with what was there before. */
export function* handOver(site: Site, unit: Unit, what: { held: Holding; heir: Unit }): Steps<void> {
  const { held, heir } = what
  const { key, before, after, reads } = held
  const stage = claims(site.lines, heir.name, key) ?? held.stage
  const n = nextNumber(site.lines)
  const lines: Line[] = [
    { t: 'intent', n, op: 'handed over', unit: heir.name, stage, key, verb: `take over ${key}`, before, after, reads },
    { t: 'undone', unit: unit.name, key, ns: held.ns },
  ]
  site.lines.push(...lines)
  yield { do: 'note', lines }
}

/** The stage in which a unit claimed the key. */
function claims(lines: Line[], unit: string, key: Key): string | undefined {
  const line = lines.find((each) => each.t === 'claim' && each.unit === unit && each.key === key)
  return line?.t === 'claim' ? line.stage : undefined
}
