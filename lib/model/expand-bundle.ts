import { type Path, type Problem, quote } from './faults.ts'
import { included, isDirective, type ReadFile } from './include.ts'
import { mapRecord } from './map-record.ts'
import { VARIABLE } from './names.ts'
import { referencesIn, substitute, type Variable } from './variables.ts'
import type { YamlSource } from './yaml-source.ts'

interface Given {
  read: ReadFile
  /** What the source is made of: a variable that only a removed application named was named. */
  documents: YamlSource[]
}

interface Expansion extends Given {
  source: YamlSource
  variables: ReadonlyMap<string, Variable & { size: number }>
  problems: Problem[]
  /** The variable that a value is, by its path. */
  wholes: Map<string, string>
  /** Characters brought in so far. */
  brought: number
}

/** Of all variables and files together: a list that a thousand places name would be sent to each machine. */
const MOST = 8 * 1024 * 1024

/**
 * The source with the variables in its applications and the files in their options, so that what comes after it sees plain
 * values. A value keeps the place of what it stands for.
 */
export function expandBundle(source: YamlSource, given: Given): { source: YamlSource; problems: Problem[] } {
  const whole = source.value
  if (!isMap(whole)) return { source, problems: [] }
  const none: Expansion = { ...given, source, variables: new Map(), problems: [], wholes: new Map(), brought: 0 }
  const vars = mapRecord(isMap(whole['vars']) ? whole['vars'] : {}, (name, value) =>
    walk(value, ['vars', name], (text, path) => valueOfVariable(none, text, path)),
  )
  const all: Expansion = {
    ...none,
    variables: new Map(Object.entries(vars).map(([name, value]) => [name, variableOf(source, name, value)])),
  }
  const applications = walk(whole['applications'], ['applications'], (text, path) => expandText(all, text, path))
  return {
    source: {
      ...source,
      value: { ...whole, ...('applications' in whole && { applications }), ...(isMap(whole['vars']) && { vars }) },
      written(path) {
        const name = all.wholes.get(pathKey(path))
        return source.written(name === undefined ? path : ['vars', name])
      },
    },
    problems: [...all.problems, ...unusedOf(all)],
  }
}

function variableOf(source: YamlSource, name: string, value: unknown): Variable & { size: number } {
  return { value, written: source.written(['vars', name]), size: JSON.stringify(value)?.length ?? 0 }
}

/** A variable may be a file; it may not refer to others, so that there is no order among them. */
function valueOfVariable(x: Expansion, text: string, path: Path): unknown {
  if (referencesIn(text).length === 0) return isDirective(text) ? include(x, text, path) : expandText(x, text, path)
  x.problems.push({
    path,
    what: 'a variable refers to a variable',
    says: 'expected a value; a plain "${" is written "$${"',
  })
  return text
}

function expandText(x: Expansion, text: string, path: Path): unknown {
  const names = referencesIn(text)
  x.brought += names.reduce((sum, name) => sum + (x.variables.get(name)?.size ?? 0), 0)
  if (!hasRoom(x, path)) return text
  const found = substitute(text, x.variables)
  if ('fault' in found) return fault(x, text, { path, ...found.fault })
  if (found.whole !== undefined) x.wholes.set(pathKey(path), found.whole)
  return isDirective(text) && path[2] === 'options' ? include(x, String(found.value), path) : found.value
}

function include(x: Expansion, text: string, path: Path): unknown {
  const found = included(text, { file: x.source.fileOf(path), read: x.read })
  if ('fault' in found) return fault(x, text, { path, ...found.fault })
  x.brought += found.value.length
  return hasRoom(x, path) ? found.value : text
}

function fault(x: Expansion, text: string, problem: Problem): string {
  x.problems.push(problem)
  return text
}

/** Says so once. */
function hasRoom(x: Expansion, path: Path): boolean {
  if (x.brought <= MOST) return true
  if (x.brought < Infinity)
    x.problems.push({ path, what: 'variables and files grow too large', says: 'expected at most 8 MiB in all' })
  x.brought = Infinity
  return false
}

/** A misspelt name in an overlay would change nothing, in silence. */
function unusedOf({ variables, documents }: Expansion): Problem[] {
  const used = new Set<string>()
  for (const { value } of documents) {
    if (isMap(value))
      walk(value['applications'], [], (text) => void referencesIn(text).forEach((name) => used.add(name)))
  }
  const unused = [...variables.keys()].filter((name) => VARIABLE.test(name) && !used.has(name))
  return unused.map((name) => ({
    path: ['vars', name],
    atKey: true,
    what: `variable ${quote(name)} is not used`,
    says: `expected \${NAME} of it in an application`,
  }))
}

function walk(value: unknown, path: Path, each: (text: string, path: Path) => unknown): unknown {
  if (typeof value === 'string') return each(value, path)
  if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, [...path, index], each))
  return isMap(value) ? mapRecord(value, (name, item) => walk(item, [...path, name], each)) : value
}

function pathKey(path: Path): string {
  return JSON.stringify(path)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
