import { z } from 'zod'
import { type Code } from '../errors/index.ts'
import { MOST_FAULTS, type Path, type Problem, quote, refusal } from './faults.ts'
import type { YamlSource } from './yaml-source.ts'

/** Which document a place of the whole came from. */
interface Origin {
  source: YamlSource
  path: Path
}

interface Whole {
  value: Record<string, unknown>
  /** Of each relation of the whole. */
  relations: Origin[]
  problems: { source: YamlSource; problem: Problem }[]
}

const pair = z.tuple([z.string(), z.string()])

/**
 * One document laid over another, as Juju's overlays: an application's options and resources are merged, its other fields
 * replaced; an application that is nothing goes, with its relations; relations add up, and those below `removed-relations` go.
 * Every place of the whole is that of the last document which says something there.
 */
export function layered([base, ...overlays]: [YamlSource, ...YamlSource[]], code: Code): YamlSource {
  if (overlays.length === 0) return base
  const whole: Whole = {
    value: isMap(base.value) ? { ...base.value } : {},
    relations: listOf(base.value, 'relations').map((_each, at) => ({ source: base, path: ['relations', at] })),
    problems: isMap(base.value) ? [] : [{ source: base, problem: noMap }],
  }
  for (const source of overlays) lay(whole, source)
  const sources = [base, ...overlays]
  const originOf = (path: Path): Origin => {
    const [first, second, ...rest] = path
    const relation = first === 'relations' && typeof second === 'number' ? whole.relations[second] : undefined
    if (relation) return { source: relation.source, path: [...relation.path, ...rest] }
    return { source: lastToSay(sources, path), path }
  }
  const faults = (problems: Problem[]): string[] => {
    const placed = problems.map((problem) => ({ ...originOf(problem.path), problem }))
    return sources.flatMap((source) => {
      const own = whole.problems.flatMap((each) => (each.source === source ? [each.problem] : []))
      const others = placed.flatMap((each) => (each.source === source ? [{ ...each.problem, path: each.path }] : []))
      return source.faults([...own, ...others])
    })
  }
  return {
    file: base.file,
    value: whole.value,
    at(path) {
      const origin = originOf(path)
      return origin.source.at(origin.path)
    },
    fileOf: (path) => originOf(path).source.file,
    written(path) {
      const origin = originOf(path)
      return origin.source.written(origin.path)
    },
    faults,
    check(problems) {
      const all = faults(problems)
      if (all.length > 0) throw refusal(code, base.file, all.slice(0, MOST_FAULTS), all.length)
    },
  }
}

const noMap: Problem = { path: [], what: 'not accepted', says: 'expected a map' }

function lay(whole: Whole, source: YamlSource): void {
  const problem = (found: Problem): void => void whole.problems.push({ source, problem: found })
  if (!isMap(source.value)) return problem(noMap)
  const { applications, relations, 'removed-relations': removed, machines, ...rest } = source.value
  Object.assign(whole.value, rest)
  if (machines !== undefined)
    whole.value['machines'] = isMap(machines) ? { ...mapOf(whole.value['machines']), ...machines } : machines
  if (applications !== undefined) layApplications(whole, applications, problem)
  if (relations !== undefined) layRelations(whole, relations, source)
  if (removed !== undefined) removeRelations(whole, removed, problem)
}

function layApplications(whole: Whole, given: unknown, problem: (found: Problem) => void): void {
  if (!isMap(given)) {
    whole.value['applications'] = given
    return
  }
  const applications: Record<string, unknown> = { ...mapOf(whole.value['applications']) }
  for (const [name, over] of Object.entries(given)) {
    if (over !== null) applications[name] = merged(applications[name], over)
    else if (Object.hasOwn(applications, name)) {
      delete applications[name]
      keepRelations(whole, (ends) => ends.every((end) => appOf(end) !== name))
    } else {
      const meant = { word: name, among: Object.keys(applications) }
      problem({
        path: ['applications', name],
        atKey: true,
        what: `there is no application ${quote(name)} to remove`,
        meant,
      })
    }
  }
  whole.value['applications'] = applications
}

function merged(below: unknown, over: unknown): unknown {
  if (!isMap(below) || !isMap(over)) return over
  const inner = ['options', 'resources'].flatMap((key) =>
    isMap(below[key]) && isMap(over[key]) ? [[key, { ...below[key], ...over[key] }] as const] : [],
  )
  return { ...below, ...over, ...Object.fromEntries(inner) }
}

function layRelations(whole: Whole, given: unknown, source: YamlSource): void {
  if (!Array.isArray(given) || (whole.value['relations'] !== undefined && !Array.isArray(whole.value['relations']))) {
    whole.value['relations'] = given
    return
  }
  whole.value['relations'] = [...listOf(whole.value, 'relations'), ...(given as unknown[])]
  whole.relations.push(...given.map((_each, at) => ({ source, path: ['relations', at] })))
}

function removeRelations(whole: Whole, given: unknown, problem: (found: Problem) => void): void {
  if (!Array.isArray(given))
    return problem({ path: ['removed-relations'], what: 'not accepted', says: 'expected a list' })
  given.forEach((each: unknown, at) => {
    const path = ['removed-relations', at]
    const ends = pair.safeParse(each)
    if (!ends.success) return problem({ path, what: 'not accepted', says: 'expected two ends' })
    const gone = keepRelations(whole, (others) => !isSame(ends.data, others))
    if (gone === 0)
      problem({ path, what: 'there is no such relation to remove', says: 'expected one of the documents before' })
  })
}

/** Drops the others; how many went. */
function keepRelations(whole: Whole, keep: (ends: string[]) => boolean): number {
  const all = listOf(whole.value, 'relations')
  const kept = all.flatMap((each, at) => {
    const ends = pair.safeParse(each)
    return ends.success && !keep(ends.data) ? [] : [at]
  })
  if (kept.length === all.length) return 0
  whole.value['relations'] = kept.map((at) => all[at])
  whole.relations = kept.flatMap((at) => whole.relations[at] ?? [])
  return all.length - kept.length
}

/** In either order; an end without an endpoint stands for each of its application's. */
function isSame([a, b]: [string, string], others: string[]): boolean {
  const [c = '', d = ''] = others
  return (isEnd(a, c) && isEnd(b, d)) || (isEnd(a, d) && isEnd(b, c))
}

function isEnd(a: string, b: string): boolean {
  return a === b || (appOf(a) === appOf(b) && !(a.includes(':') && b.includes(':')))
}

function appOf(end: string): string {
  return end.replace(/:.*/s, '')
}

/** The last one that has the most of the path. */
function lastToSay(sources: YamlSource[], path: Path): YamlSource {
  const depths = sources.map((source) => depthOf(source.value, path))
  return sources[depths.lastIndexOf(Math.max(...depths))] ?? (sources[0] as YamlSource)
}

function depthOf(value: unknown, path: Path): number {
  const [step, ...rest] = path
  if (step === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return 0
  return 1 + depthOf((value as Record<PropertyKey, unknown>)[step], rest)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mapOf(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {}
}

function listOf(value: unknown, key: string): unknown[] {
  const list = isMap(value) ? value[key] : undefined
  return Array.isArray(list) ? list : []
}
