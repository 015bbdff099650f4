export type Health = 'good' | 'doubtful' | 'bad' | 'unknown'

/** What a status means for who looks at it. */
export function healthOf(status: string): Health {
  if (status === 'active') return 'good'
  if (status === 'error' || status === 'blocked') return 'bad'
  return status === 'unknown' ? 'unknown' : 'doubtful'
}
