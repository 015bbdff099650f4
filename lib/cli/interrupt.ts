import { KcharmError } from '../errors/index.ts'
import { renderError } from '../report/error-text.ts'
import { paintFor } from '../report/terminal-text.ts'

/** What the first Ctrl-C does instead of leaving; the second always leaves. */
let instead: (() => void) | undefined

/** From here on Ctrl-C leaves at once: machines let go of their locks by themselves, and what was begun is in their manifests. */
export function leaveOnInterrupt(): void {
  process.on('SIGINT', () => {
    const first = instead
    instead = undefined
    if (first) first()
    else leave(interrupted())
  })
}

/** Steps are running: the first Ctrl-C aborts, so that they end and no further one begins. */
export function stopGently(): AbortSignal {
  const controller = new AbortController()
  instead = () => {
    process.stderr.write('Stopping after the steps that run now; Ctrl-C again stops at once.\n')
    controller.abort()
  }
  return controller.signal
}

export function interrupted(): KcharmError {
  return new KcharmError('interrupted', 'stopped by the user; the next run goes on')
}

export function leave(error: KcharmError): never {
  process.stderr.write(renderError(error, paintFor(process.stderr)))
  process.exit(error.exit)
}
