import { z } from 'zod'
import type { Reading } from '../../../lib/host/view.ts'
import { action, type ActionAnswer } from '../../../lib/lifecycle/action.ts'
import { adviceOf } from '../advice.ts'
import type { Fitness } from '../fitness.ts'
import { foundAdvice } from '../found-advice.ts'
import { foundKata } from '../found.ts'
import { hints } from '../hints.ts'
import { kvmMachine } from '../kvm-machine.ts'
import { type Fault, kvmFault } from '../probes.ts'
import type { Ctx } from '../context.ts'
import { fitnessOf, verdictsOf } from '../judge.ts'

/** Every probe at once, also on a machine where all is installed: faults first, then what is only worth knowing. */
export const preflight = action({
  description: 'Looks whether this machine can run Kata: all faults at once, then warnings, each with what mends it.',
  params: z.strictObject({}),
  ask: (context: Ctx): Reading<ActionAnswer> => {
    const found = verdictsOf(context)
    const fit = fitnessOf(context)
    const { prefix } = context.config
    const blob = context.resources['kata']
    const other = foundAdvice(
      context.view.read(foundKata(prefix)),
      context.holds(`link:${prefix}`) ? prefix : undefined,
    )
    const advice = adviceOf({
      config: context.config,
      layout: found.layout,
      fit,
      hints: context.view.read(hints),
      ...(blob ? { blob } : {}),
    })
    return {
      key: 'kata:preflight',
      lasting: 'fact',
      script: ':',
      parse: () => answer([...found.faults, ...machineFaults(context, fit)], [...advice, ...other]),
    }
  },
})

function machineFaults({ view }: Ctx, { kvm }: Fitness): Fault[] {
  const made = kvm === 'open' ? view.read(kvmMachine) : 'made'
  return made === 'busy' || made === 'broken' ? [kvmFault(made)] : []
}

function answer(faults: Fault[], advice: Fault[]): ActionAnswer {
  const lines = (list: Fault[]) => list.map(({ probe, found, needed, mend }) => ({ probe, found, needed, mend }))
  const count = (list: Fault[], noun: string) => `${list.length} ${noun}${list.length === 1 ? '' : 's'}`
  return {
    ok: faults.length === 0,
    says: `${count(faults, 'fault')}, ${count(advice, 'warning')}`,
    result: { faults: lines(faults), warnings: lines(advice) },
  }
}
