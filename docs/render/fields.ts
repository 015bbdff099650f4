import type { Field } from '../../lib/model/schema-text.ts'

/** Fields of a file, or options of a charm, as a list. */
export function renderFields(fields: Field[]): string {
  return fields.map((field) => `- \`${field.path}\` (${terms(field)}): ${field.sentence}\n`).join('')
}

function terms({ type, required, default: value }: Field): string {
  if (required) return `${type}, required`
  return value === undefined ? type : `${type}; default \`${textOf(value)}\``
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
