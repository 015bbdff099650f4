import { execute } from '@oclif/core/execute'
import { settings } from '@oclif/core/settings'

/** Runs one command line. `dir`: a file URL inside the package. */
export async function run(dir: string): Promise<void> {
  settings.enableAutoTranspile = false
  await execute({ dir })
}
