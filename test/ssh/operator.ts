import { openSession } from '../../lib/ssh/session.ts'
import type { Target } from '../../lib/ssh/target.ts'

/** What a process of its own does as operator: lock, and run one script. Started by `startOperator`. */
async function operate({ target, script, silenceSeconds }: Errand): Promise<void> {
  const session = await openSession(target, { sudo: false, deadlineMs: 20_000, silenceSeconds, say: console.error })
  await session.lock(`operator ${process.pid}`)
  console.log('locked')
  if (script !== undefined) await session.run(script, { onLine: (line) => console.log(line) })
}

export interface Errand {
  target: Target
  silenceSeconds: number
  script?: string
}

void operate(JSON.parse(process.argv[2] ?? '') as Errand)
