import { randomBytes } from 'node:crypto'
import { KcharmError } from '../errors/index.ts'
import { emptyModel } from '../model/declaration.ts'
import { held } from '../ssh/lock-refused.ts'
import type { StoredModel } from '../state/stored-model.ts'
import { closeFleet, type Fleet } from './fleet.ts'
import type { MachineFailure } from './outcome.ts'
import { prepare } from './prepare.ts'
import { afterwards } from './remembered.ts'
import type { Verb } from './verb.ts'
import type { Workspace } from './workspace.ts'

/**
 * Writes the model down as its machines have recorded it. Changes nothing there. Throws `usage` where there is a record already,
 * `not-found` where no machine has anything of the model, and a machine's own error when one cannot be read: its units would be
 * missing. Machines of other models are left out, and are in `failed`.
 */
export async function adopt(work: Workspace, verb: Verb): Promise<{ stored: StoredModel; failed: MachineFailure[] }> {
  const lock = await work.store.lock(work.name, work.holder)
  try {
    if ((await work.store.read(work.name)) !== undefined) {
      throw new KcharmError('usage', `there is a record of the model ${work.name} already`, {
        hint: 'kcharm status --refresh reads its machines again',
      })
    }
    const before = { model: emptyModel(work.name, randomBytes(8).toString('hex')), lost: true } as const
    const { fleet, wanted } = await prepare(work, { verb, before, stored: undefined, looksOnly: true })
    await closeFleet(fleet)
    assertWhole(fleet)
    if (Object.keys(wanted.model.applications).length === 0) throw nothingThere(work.name, fleet)
    const stored = afterwards(work, { wanted, stored: undefined, fleet })
    await work.store.write(stored)
    return { stored, failed: fleet.failed }
  } finally {
    await lock.release()
  }
}

function assertWhole({ failed, sites }: Fleet): void {
  for (const { machine, link } of sites) if (link.holder !== undefined) throw held(machine.name, link.holder)
  const unread = failed.find(({ error }) => error.code !== 'foreign-model')
  if (unread === undefined) return
  const { code, message, detail } = unread.error
  throw new KcharmError(code, `nothing was adopted: ${message}`, {
    machine: unread.machine,
    hint:
      code === 'not-found' && detail.hint
        ? detail.hint
        : 'once it can be read run this again; or leave it out, and its units with it',
  })
}

function nothingThere(name: string, { failed }: Fleet): KcharmError {
  return new KcharmError('not-found', `no machine has anything of a model ${name}`, {
    ...(failed.length > 0 ? { faults: failed.map(({ error }) => error.message) } : {}),
    hint: 'give its name with --model; what is not there yet is deployed, not adopted',
  })
}
