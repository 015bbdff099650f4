import { setTimeout as sleep } from 'node:timers/promises'
import { KcharmError } from '../errors/index.ts'
import { isRefused } from '../lifecycle/revision.ts'
import { statusOf, type Unit } from '../lifecycle/unit.ts'
import { applyFleet, type Applying, type Fleet, type FleetSite, isBusy, look } from './fleet.ts'
import { Stopped } from './stopped.ts'
import { type Rollout, wavesOf } from './waves.ts'

/**
 * Carries the plans out. Machines on which nothing is upgraded go all at once, then the others wave by wave: every machine of a
 * wave must have come to its proof, and still be well after the soak time, before the next begins.
 */
export async function rollOut(
  fleet: Fleet,
  how: Applying & { rollout: Rollout; say(line: string): void },
): Promise<void> {
  const busy = fleet.sites.filter(isBusy)
  const upgraded = busy.filter(isUpgraded)
  await applyFleet(
    fleet,
    busy.filter((site) => !upgraded.includes(site)),
    how,
  )
  const refused = refusals(fleet, upgraded)
  if (refused.length > 0) return leave(fleet, upgraded, (machine) => waveFailed(refused, machine))
  const waves = wavesOf(upgraded, how.rollout)
  for (const [index, wave] of waves.entries()) {
    const left = waves.slice(index + 1).flat()
    if (waves.length > 1) how.say(`wave ${index + 1} of ${waves.length}: ${wave.map(nameOf).join(', ')}`)
    await applyFleet(fleet, wave, how)
    const bad = await unwell(fleet, wave, { soakMs: left.length > 0 ? how.rollout.soakMs : 0, how })
    if (bad.length === 0 && !how.stop?.aborted) continue
    return leave(fleet, left, (machine) =>
      bad.length === 0 ? new Stopped(machine, how.stop?.reason) : waveFailed(bad, machine),
    )
  }
}

/** The gate stays shut while a machine holds out against what the others are to get: a run more is no way around it. */
function refusals({ sites }: Fleet, upgraded: FleetSite[]): string[] {
  const apps = new Set(upgraded.flatMap(({ site }) => site.units.filter(goesOn).map(({ app }) => app)))
  return sites.flatMap(({ machine, site }) => {
    const out = site.units.filter((unit) => isRefused(unit) && apps.has(unit.app))
    return out.map((unit) => `${machine.name}: ${unit.fault?.message ?? unit.refused?.message}`)
  })
}

function leave(fleet: Fleet, left: FleetSite[], why: (machine: string) => KcharmError): void {
  fleet.failed.push(...left.map((site) => ({ machine: nameOf(site), error: why(nameOf(site)) })))
}

/** A unit of it goes to another version. */
function isUpgraded({ site }: FleetSite): boolean {
  return site.units.some(goesOn)
}

function goesOn(unit: Unit): boolean {
  return unit.wish !== undefined && !isRefused(unit)
}

function nameOf({ machine }: FleetSite): string {
  return machine.name
}

/** What is not as it should be on the machines of a wave, now and after the soak time. */
async function unwell(
  fleet: Fleet,
  wave: FleetSite[],
  { soakMs, how }: { soakMs: number; how: Soaking },
): Promise<string[]> {
  const now = wave.flatMap((site) => faultsOn(fleet, site))
  if (now.length > 0 || soakMs === 0) return now
  how.say(`watching ${wave.map(nameOf).join(', ')} for ${soakMs / 1000} s`)
  const stop = how.stop ? { signal: how.stop } : {}
  await sleep(soakMs, undefined, stop).catch(() => undefined)
  if (how.stop?.aborted) return []
  const later = await Promise.all(wave.map(lookAgain))
  return later.flat()
}

type Soaking = Pick<Applying, 'stop'> & { say(line: string): void }

function faultsOn(fleet: Fleet, { machine, site }: FleetSite): string[] {
  const failed = fleet.failed.filter((each) => each.machine === machine.name).map(({ error }) => error.message)
  const units = site.units.filter((unit) => ['error', 'blocked'].includes(statusOf(unit)))
  return [...failed, ...units.map((unit) => unit.fault?.message ?? statusOf(unit))].map(
    (each) => `${machine.name}: ${each}`,
  )
}

/** The proofs once more: a machine that would be changed again, or is not well, has not stood the time. */
async function lookAgain(site: FleetSite): Promise<string[]> {
  const { plan } = await look(site)
  const bad = plan.units.filter(({ status }) => status === 'error' || status === 'blocked')
  return [
    ...plan.changes.map(({ verb }) => `${plan.machine}: after the soak time it needs: ${verb}`),
    ...bad.map(({ unit, message }) => `${plan.machine}: ${unit}: ${message ?? 'is not well'}`),
  ]
}

function waveFailed(bad: string[], machine: string): KcharmError {
  return new KcharmError(
    'rollout-stopped',
    `left as it was, since the wave before did not end well: ${bad.slice(0, 2).join('; ')}`,
    {
      machine,
      hint: 'mend that and run kcharm resume, which tries again what was refused; or go back with kcharm rollback',
    },
  )
}
