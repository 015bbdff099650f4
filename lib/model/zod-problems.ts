import type { z } from 'zod'
import { quote, type Path, type Problem } from './faults.ts'
import { alternatives, constants, shapeAt, shapeOf, typeText, wordsOf, type Shape } from './schema-text.ts'

type Issue = z.core.$ZodIssue

export interface Given {
  value: unknown
  /** Where the value stands in its file; the schema's own paths begin below it. */
  path?: Path
  /** What a member of this schema is called; nested ones are keys. */
  member?: string
  /** The text of a value as the file has it. */
  written?: (path: Path) => string | undefined
}

/** What is wrong with a value, in words that a user can act on. Empty when the schema takes it. */
export function problemsOf(schema: z.ZodType, given: Given): Problem[] {
  const result = schema.safeParse(given.value)
  if (result.success) return []
  const explain = { shape: shapeOf(schema), given }
  return result.error.issues.flatMap((issue) => problemsOfIssue(issue, explain))
}

interface Explain {
  shape: Shape
  given: Given
}

function problemsOfIssue(issue: Issue, explain: Explain): Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, issue.path, explain))
    case 'invalid_key':
      return [
        {
          ...at(issue, explain),
          atKey: true,
          what: `name ${quote(String(issue.path.at(-1)))} is not allowed`,
          says: inner(issue),
        },
      ]
    case 'invalid_type':
    case 'invalid_value':
      return [wrongValue(issue, explain)]
    case 'invalid_union': {
      const fitting = fittingBranch(issue)
      if (fitting === undefined) return [wrongValue(issue, explain)]
      return fitting.flatMap((deeper) => problemsOfIssue({ ...deeper, path: [...issue.path, ...deeper.path] }, explain))
    }
    default:
      return [refused(issue, explain)]
  }
}

function unknownKey(key: string, holder: Path, { shape, given }: Explain): Problem {
  const names = alternatives(shapeAt(shape, holder) ?? {}).flatMap((part) => Object.keys(part.properties ?? {}))
  const noun = holder.length === 0 ? (given.member ?? 'key') : 'key'
  const path = [...(given.path ?? []), ...holder, key]
  return { path, atKey: true, what: `unknown ${noun} ${quote(key)}`, meant: { word: key, among: names } }
}

/** Absent, of another type, or not among the allowed words. Free text is never repeated: it may be a secret. */
function wrongValue(issue: Issue, explain: Explain): Problem {
  const place = at(issue, explain)
  const value = valueAt(explain.given.value, issue.path)
  const shape = shapeAt(explain.shape, issue.path) ?? {}
  const says = `expected ${withArticle(typeText(shape))}`
  if (value === undefined) return { ...place, what: `missing key ${quote(String(issue.path.at(-1) ?? 'value'))}`, says }
  const words = wordsOf(shape)
  const closed = alternatives(shape).every((part) => constants(part).length > 0 || part.type === 'boolean')
  if (typeof value === 'string' && closed) {
    return { ...place, what: `${quote(value)} is not allowed`, says, meant: { word: value, among: words } }
  }
  const takesText = words.includes(String(value)) || alternatives(shape).some((part) => isFreeText(part))
  const quoting = takesText && isBare(value) ? quotingHint(explain.given.written, place.path) : ''
  return { ...place, what: `got ${kindOf(value)}`, says: says + quoting }
}

/** A value of the right type that a bound, a pattern or the charm's own check refuses. */
function refused(issue: Issue, explain: Explain): Problem {
  const place = at(issue, explain)
  const shape = shapeAt(explain.shape, issue.path) ?? {}
  const own = !/^(Invalid|Too (big|small))\b/.test(issue.message)
  if (own) return { ...place, what: 'not accepted', says: issue.message }
  if (issue.code === 'too_big' || issue.code === 'too_small') return { ...place, ...outOfBounds(issue, shape) }
  const pattern = issue.code === 'invalid_format' ? (issue.pattern ?? issue.format) : issue.message
  return { ...place, what: 'not accepted', says: `expected a text of the form ${pattern}` }
}

function outOfBounds(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall, shape: Shape): Omit<Problem, 'path'> {
  if (issue.origin === 'number' || issue.origin === 'int') {
    return { what: 'out of range', says: `expected ${withArticle(typeText(shape))}` }
  }
  const [bound, count] = issue.code === 'too_big' ? ['at most', issue.maximum] : ['at least', issue.minimum]
  const unit = issue.origin === 'string' ? 'character' : 'item'
  return { what: 'wrong length', says: `expected ${bound} ${count} ${unit}${count === 1 ? '' : 's'}` }
}

function at(issue: Issue, { given }: Explain): { path: Path } {
  return { path: [...(given.path ?? []), ...issue.path] }
}

function inner(issue: z.core.$ZodIssueInvalidKey): string {
  return issue.issues[0]?.message ?? issue.message
}

/** The one alternative that fits by its type, so that its own complaints are worth reading. */
function fittingBranch(issue: z.core.$ZodIssueInvalidUnion): Issue[] | undefined {
  const mismatch = ({ code, path }: Issue) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
  const fitting = issue.errors.filter((branch) => !branch.some(mismatch))
  return fitting.length === 1 ? fitting[0] : undefined
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((holder, step) => {
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, step)) return undefined
    return Reflect.get(holder, step)
  }, value)
}

function isFreeText(shape: Shape): boolean {
  return shape.type === 'string' && constants(shape).length === 0
}

function withArticle(type: string): string {
  return /^(list|map|number|whole number)\b/.test(type) ? `a ${type}` : type
}

function isBare(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean'
}

/** YAML reads `1.10` as the number 1.1. Other values are not repeated. */
function quotingHint(writtenAt: Given['written'], path: Path): string {
  if (writtenAt === undefined) return ''
  const written = writtenAt(path) ?? ''
  return /^\d{1,4}\.\d{1,4}$/.test(written) ? `; write it in quotes: "${written}"` : '; write it in quotes'
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'true or false' : 'a number'
}
