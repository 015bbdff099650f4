import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { emptyModel } from '../../lib/model/declaration.ts'
import type { StoredModel } from '../../lib/state/stored-model.ts'

/** A folder that goes with the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'kcharm-state-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export function storedModel(name = 'default'): StoredModel {
  return { version: 1, model: emptyModel(name, 'id1'), units: [], faults: {}, hints: {} }
}
