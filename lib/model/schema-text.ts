import { z } from 'zod'
import type { Path } from './faults.ts'

/** The part of JSON Schema that is read here. */
export type Shape = z.core.JSONSchema.BaseSchema

/** One documented place of a file, or one option of a charm. */
export interface Field {
  /** `applications.NAME.charm`; `[]` after a list. */
  path: string
  type: string
  required: boolean
  /** Absent: there is none. */
  default?: unknown
  sentence: string
}

/** What may be written, as JSON Schema: the one form of a zod schema that is meant to be read. */
export function shapeOf(schema: z.ZodType): Shape {
  const known = shapes.get(schema)
  if (known !== undefined) return known
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  shapes.set(schema, shape)
  return shape
}

/** Takes milliseconds to make, and a bundle may have faults in a thousand applications of one charm. */
const shapes = new WeakMap<z.ZodType, Shape>()

/** The type in words: `auto | package`, `whole number from 1 to 65535`, `list of text`; a schema's `title` goes before. */
export function typeText(shape: Shape): string {
  if (shape.title !== undefined) return shape.title
  const words = [...new Set(alternatives(shape).map(simpleType))]
  return words.length === 0 ? 'nothing' : words.join(' | ')
}

/** The single types of a union, nested ones too. */
export function alternatives(shape: Shape): Shape[] {
  const parts = shape.anyOf ?? shape.oneOf
  if (parts !== undefined) return parts.flatMap((part) => alternatives(part))
  if (Array.isArray(shape.type)) return shape.type.map((type): Shape => ({ ...shape, type }))
  return [shape]
}

/** The closed set of words of an `enum`, `literal` or union of them; a free text adds none. */
export function wordsOf(shape: Shape): string[] {
  return alternatives(shape)
    .flatMap((part) => constants(part))
    .filter((word) => typeof word === 'string')
}

export function constants(shape: Shape): unknown[] {
  return shape.const === undefined ? (shape.enum ?? []) : [shape.const]
}

/** The shape at a path below; undefined where nothing is described. */
export function shapeAt(shape: Shape, path: Path): Shape | undefined {
  const [step, ...rest] = path
  if (step === undefined) return shape
  for (const part of alternatives(shape)) {
    const next = stepInto(part, step)
    const found = next === undefined ? undefined : shapeAt(next, rest)
    if (found !== undefined) return found
  }
  return undefined
}

/** Every described place, in the order of the schema. `required` says that the holder must name it. */
export function fieldsOf(shape: Shape, holder = ''): Field[] {
  return alternatives(shape).flatMap((part) => {
    const dot = holder === '' ? '' : '.'
    const named = Object.entries(part.properties ?? {}).flatMap(([name, member]) =>
      fieldAndBelow(below(member), `${holder}${dot}${name}`, part.required?.includes(name) ?? false),
    )
    const each = fieldAndBelow(below(part.additionalProperties), `${holder}${dot}NAME`, false)
    const items = fieldAndBelow(below(part.items), `${holder}[]`, false)
    return [...named, ...each, ...items]
  })
}

function fieldAndBelow(shape: Shape | undefined, path: string, required: boolean): Field[] {
  if (shape === undefined) return []
  const deeper = fieldsOf(shape, path)
  if (shape.description === undefined) return deeper
  const given = shape.default === undefined ? {} : { default: shape.default }
  return [{ path, type: typeText(shape), required, ...given, sentence: shape.description }, ...deeper]
}

function stepInto(shape: Shape, step: PropertyKey): Shape | undefined {
  const properties = shape.properties ?? {}
  if (typeof step === 'number') return below(shape.prefixItems?.[step] ?? shape.items)
  return below(Object.hasOwn(properties, step) ? properties[String(step)] : shape.additionalProperties)
}

function simpleType(shape: Shape): string {
  const fixed = constants(shape)
  if (fixed.length > 0) return fixed.map(String).join(' | ')
  switch (shape.type) {
    case 'string':
      return 'text'
    case 'boolean':
      return 'true | false'
    case 'integer':
      return `whole number${rangeText(shape)}`
    case 'number':
      return `number${rangeText(shape)}`
    case 'array':
      return listText(shape)
    case 'object':
      return mapText(below(shape.additionalProperties))
    case 'null':
      return 'nothing'
    default:
      return 'any value'
  }
}

function mapText(each: Shape | undefined): string {
  const text = each === undefined ? 'any value' : typeText(each)
  return /^(any value|map)/.test(text) ? 'map' : `map of ${text}`
}

function listText({ items, prefixItems }: Shape): string {
  if (prefixItems !== undefined) return `list of ${prefixItems.length}`
  const each = below(items)
  if (each === undefined) return 'list'
  const text = typeText(each)
  return `list of ${/^(map|list)\b/.test(text) ? text.replace(/^(map|list).*/, '$1s') : text}`
}

/** ` from 1 to 65535`; the bounds that stand for "any integer" are left out. */
function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Shape): string {
  const over = typeof exclusiveMinimum === 'number' ? ` over ${exclusiveMinimum}` : ''
  const under = typeof exclusiveMaximum === 'number' ? ` under ${exclusiveMaximum}` : ''
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`
  const bound = least === undefined ? (most === undefined ? '' : `, at most ${most}`) : `, at least ${least}`
  return bound + over + under
}

/** JSON Schema also has `true` (anything) and `false` (nothing), and old forms of lists; they describe no place. */
function below(shape: Shape['items']): Shape | undefined {
  return typeof shape === 'object' && !Array.isArray(shape) ? shape : undefined
}
