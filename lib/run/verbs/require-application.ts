import { KcharmError } from '../../errors/index.ts'
import { presentIn } from '../../model/bundle-record.ts'
import type { Application, Model } from '../../model/declaration.ts'
import { problemText } from '../../model/faults.ts'

/** The application of that name; `not-found` with a near miss otherwise. */
export function requireApplication(model: Model, app: string): Application {
  const found = presentIn(model, app)
  if (found) return found
  const among = Object.keys(model.applications).filter((name) => presentIn(model, name))
  const what = `there is no application ${app}`
  throw new KcharmError('not-found', problemText({ path: [], what, meant: { word: app, among } }))
}
