/** Gives each upload a meter; `say` hears about once a second how far it is, and how fast all uploads together are. */
export function uploadMeter(now: () => number = Date.now) {
  const rates = new Map<object, number>()
  return (name: string, size: number, say: (text: string) => void): ((bytes: number) => void) => {
    const own = {}
    let first: { bytes: number; at: number } | undefined
    let last = 0
    return (bytes) => {
      first ??= { bytes, at: now() }
      const seconds = (now() - first.at) / 1000
      rates.set(own, seconds === 0 ? 0 : (bytes - first.bytes) / seconds)
      if (bytes >= size) rates.delete(own)
      if (now() - last < 1000) return
      last = now()
      const all = [...rates.values()].reduce((sum, rate) => sum + rate, 0)
      const together = rates.size > 1 ? `, ${rates.size} uploads together ${megabytes(all)}/s` : ''
      const share = Math.floor((100 * bytes) / Math.max(1, size))
      say(`uploads ${name}: ${share} % of ${megabytes(size)}, ${megabytes(rates.get(own) ?? 0)}/s${together}`)
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
