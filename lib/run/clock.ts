/** Seconds: so much off is nobody's trouble. */
const SLACK = 60
/** So many machines are named one by one. */
const NAMED = 5

/**
 * Seconds that a machine's clock, read some time between two moments of this one, is surely ahead; negative: behind. All
 * in seconds since 1970.
 */
export function clockOffset(theirs: number, { asked, heard }: { asked: number; heard: number }): number {
  if (theirs < Math.floor(asked)) return theirs - Math.floor(asked)
  return theirs > heard ? theirs - Math.floor(heard) : 0
}

/** What to say of a clock that is off. */
export function clockFault(offset: number): string | undefined {
  return Math.abs(offset) > SLACK ? `its clock is ${duration(offset)}: run an NTP client there` : undefined
}

/** A line for each machine whose clock is off; of many, for the first ones. */
export function clockNotes(machines: { name: string; offset: number }[]): string[] {
  const faults = machines.flatMap(({ name, offset }) => {
    const fault = clockFault(offset)
    return fault === undefined ? [] : [`${name}: ${fault}`]
  })
  const more = faults.length - NAMED
  if (more <= 0) return faults
  return [...faults.slice(0, NAMED), `${more} more machines’ clocks are off: kcharm inventory check names them`]
}

function duration(seconds: number): string {
  const size = Math.abs(seconds)
  const text =
    size < 7200
      ? `${Math.round(size / 60)} min`
      : size < 172_800
        ? `${Math.round(size / 3600)} h`
        : `${Math.round(size / 86_400)} days`
  return `${text} ${seconds > 0 ? 'ahead' : 'behind'}`
}
