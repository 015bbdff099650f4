/** What is waited for, and for how long at most. */
export interface Wait {
  for: string
  seconds: number
  say(text: string): void
}

const EVERY_MS = 5000

/** Says again and again what is still waited for, and since when. */
export async function waiting<T>(wait: Wait, work: Promise<T>): Promise<T> {
  const since = Date.now()
  const tell = (): void => {
    const passed = Math.round((Date.now() - since) / 1000)
    wait.say(`waits for ${wait.for}: ${passed} s of at most ${wait.seconds} s`)
  }
  const timer = setInterval(tell, EVERY_MS)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
