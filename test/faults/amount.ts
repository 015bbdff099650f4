/** All of them; else a fixed sample, which is what `npm test` takes. */
export const FULL = process.env['KCHARM_FAULTS'] === 'full'

/** So many of all, evenly spread, always the same; all of them with `KCHARM_FAULTS=full`. */
export function sampled<T>(all: T[], count: number): T[] {
  if (FULL || all.length <= count) return all
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as T)
}
