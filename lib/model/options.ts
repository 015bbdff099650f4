import { z } from 'zod'
import type { KcharmError } from '../errors/index.ts'
import type { CharmMeta } from './charm-meta.ts'
import type { Application } from './declaration.ts'
import { problemText, quote, refusal, type Problem } from './faults.ts'
import { alternatives, constants, fieldsOf, shapeOf, type Field, type Shape } from './schema-text.ts'
import { problemsOf, type Given } from './zod-problems.ts'

/**
 * The values of `key=value` pairs, read by the type of each option: booleans and numbers as such, lists by commas or as
 * JSON, maps as JSON. Throws `invalid-option` with every pair that does not fit.
 */
export function parseOptions(meta: CharmMeta, pairs: Record<string, string>): Record<string, unknown> {
  const read = Object.entries(pairs).map(([name, text]) => ({ name, ...parseOption(meta, name, text) }))
  const faults = read.flatMap(({ problems }) => problems)
  if (faults.length > 0) throw refused(meta, faults)
  return Object.fromEntries(read.map(({ name, value }) => [name, value]))
}

/** Fails with `invalid-option` unless each of these is an option of the charm: `config APP --reset KEY`. */
export function checkOptionNames(meta: CharmMeta, names: string[]): void {
  const faults = names.filter((name) => optionOf(meta, name) === undefined).map((name) => unknownOption(meta, name))
  if (faults.length > 0) throw refused(meta, faults)
}

/**
 * Every option of an application with its value in force: what was set, else the bundle's, else the default.
 * Throws `invalid-option` when they do not go together.
 */
export function optionsInForce(
  meta: CharmMeta,
  { bundleOptions, setOptions }: Pick<Application, 'bundleOptions' | 'setOptions'>,
): Record<string, unknown> {
  const value = { ...bundleOptions, ...setOptions }
  const problems = optionProblems(meta, { value })
  if (problems.length > 0) throw refused(meta, problems)
  return meta.config.parse(value)
}

/** What is wrong with options as a whole: names, values, and what does not go together. */
export function optionProblems(meta: CharmMeta, given: Omit<Given, 'member'>): Problem[] {
  const strict = stricts.get(meta.config) ?? meta.config.strict()
  stricts.set(meta.config, strict)
  return problemsOf(strict, { ...given, member: 'option' })
}

/** zod compiles a schema at its first use, which takes longer than all later uses together. */
const stricts = new WeakMap<z.ZodObject, z.ZodObject>()

/** Name, type, default and sentence of every option, nested ones below their holder. */
export function optionDocs(meta: CharmMeta): Field[] {
  return fieldsOf(shapeOf(meta.config))
}

function parseOption(meta: CharmMeta, name: string, text: string): { value?: unknown; problems: Problem[] } {
  const option = optionOf(meta, name)
  if (option === undefined) return { problems: [unknownOption(meta, name)] }
  const readings = alternatives(shapeOf(option)).flatMap((shape) => readingsAs(shape, text))
  const given = { path: [name] }
  const fitting = readings.find((value) => problemsOf(option, { value }).length === 0)
  if (fitting !== undefined) return { value: fitting, problems: [] }
  return { problems: problemsOf(option, { ...given, value: readings[0] ?? text }) }
}

/** What a text may mean as a value of one type; nothing when it cannot be of that type. */
function readingsAs(shape: Shape, text: string): unknown[] {
  const fixed = constants(shape)
  if (fixed.length > 0) return fixed.filter((word) => String(word) === text)
  switch (shape.type) {
    case 'boolean':
      return text === 'true' ? [true] : text === 'false' ? [false] : []
    case 'number':
    case 'integer':
      return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? [Number(text)] : []
    case 'array':
      return listOf(shape, text)
    case 'object':
      return parsedJson(text)
    default:
      return [text]
  }
}

function listOf({ items }: Shape, text: string): unknown[] {
  if (text.startsWith('[')) return parsedJson(text)
  if (text === '') return [[]]
  const each: Shape = typeof items === 'object' && !Array.isArray(items) ? items : { type: 'string' }
  const words = text.split(',').map((word) => word.trim())
  return [words.map((word) => alternatives(each).flatMap((shape) => readingsAs(shape, word))[0] ?? word)]
}

function parsedJson(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return [value]
  } catch {
    return []
  }
}

function optionOf({ config }: CharmMeta, name: string): z.ZodType | undefined {
  const option: unknown = Object.hasOwn(config.shape, name) ? config.shape[name] : undefined
  return option instanceof z.ZodType ? option : undefined
}

function unknownOption(meta: CharmMeta, name: string): Problem {
  const among = Object.keys(meta.config.shape)
  return { path: [], what: `unknown option ${quote(name)}`, meant: { word: name, among } }
}

function refused(meta: CharmMeta, problems: Problem[]): KcharmError {
  return refusal('invalid-option', `${meta.name} options`, problems.map(problemText))
}
