import type { Level, LogLine } from './log-text.ts'

const LEVELS: Level[] = ['DEBUG', 'INFO', 'ERROR']

interface Wish {
  /** The least one. */
  level: Level
  /** Units, applications or machines; empty: all. */
  include: string[]
  exclude: string[]
}

/** Which lines are asked for. */
export function wantedLines({ level, include, exclude }: Wish): (line: LogLine) => boolean {
  const least = LEVELS.indexOf(level)
  const [some, others] = [include.map(spoken), exclude.map(spoken)]
  return ({ level: its, who }) =>
    LEVELS.indexOf(its) >= least &&
    (some.length === 0 || some.some((name) => name(who))) &&
    !others.some((name) => name(who))
}

/** Who speaks is `unit-kata-0`, `machine-n1` or `kcharm`. */
function spoken(name: string): (who: string) => boolean {
  if (name.includes('/')) return (who) => who === `unit-${name.replace('/', '-')}`
  return (who) =>
    who === name ||
    who === `machine-${name}` ||
    (who.startsWith(`unit-${name}-`) && /^\d+$/.test(who.slice(name.length + 6)))
}
