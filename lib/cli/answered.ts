import { KcharmError } from '../errors/index.ts'

/** A person's answer. Throws `declined` when none comes in time: what waits for it holds the model's lock. */
export async function answered<T>(answer: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unanswered(`within ${seconds} s`)), seconds * 1000)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

export function unanswered(when = ''): KcharmError {
  return new KcharmError('declined', `a question was not answered ${when}`.trim())
}
