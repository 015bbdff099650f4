import { onTestFinished } from 'vitest'
import { openSession, type Session, type SessionOptions } from '../../lib/ssh/session.ts'
import type { Target } from '../../lib/ssh/target.ts'

/** A session that is closed with the test. */
export async function session(target: Target, options: Partial<SessionOptions> = {}): Promise<Session> {
  const opened = await openSession(target, { sudo: false, deadlineMs: 20_000, say: () => undefined, ...options })
  onTestFinished(() => opened.close())
  return opened
}
