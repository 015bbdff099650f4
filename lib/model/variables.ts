import { quote, type Problem } from './faults.ts'
import { VARIABLE } from './names.ts'

/** `$${` is a plain `${`; anything else that begins so is a reference, if a faulty one. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g

export interface Variable {
  value: unknown
  /** A number as it is written: `1.10` rather than 1.1. */
  written: string | undefined
}

/** A value with the variables in it, or what is wrong with its references. */
export type Substituted = { value: unknown; whole?: string } | { fault: Omit<Problem, 'path'> }

/** The names that a text refers to. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name]) => (name === undefined ? [] : [name]))
}

/** The text that stands for this one: what `$${` is for. */
export function escaped(text: string): string {
  return text.replaceAll('${', () => '$${')
}

/** A text that is one reference becomes the variable's value, of whatever type; beside others words stand in. */
export function substitute(text: string, variables: ReadonlyMap<string, Variable>): Substituted {
  const references = [...text.matchAll(REFERENCE)]
  for (const [, name, end] of references) {
    const fault =
      name === undefined ? undefined : faultOf(name, { end, isWhole: name.length + 3 === text.length, variables })
    if (fault) return { fault }
  }
  const [first] = references
  if (first?.[1] !== undefined && first[0] === text) return { value: variables.get(first[1])?.value, whole: first[1] }
  return {
    value: text.replace(REFERENCE, (_all, name?: string) => (name === undefined ? '${' : wordOf(variables.get(name)))),
  }
}

interface Reference {
  end: string | undefined
  isWhole: boolean
  variables: ReadonlyMap<string, Variable>
}

function faultOf(name: string, { end, isWhole, variables }: Reference): Omit<Problem, 'path'> | undefined {
  if (end !== '}' || !VARIABLE.test(name)) {
    return { what: 'a reference that names no variable', says: `expected \${NAME}; a plain "\${" is written "$\${"` }
  }
  const variable = variables.get(name)
  const what = `unknown variable ${quote(name)}`
  if (variables.size === 0) return { what, says: 'the bundle has no vars; a plain "${" is written "$${"' }
  if (variable === undefined) return { what, meant: { word: name, among: [...variables.keys()] } }
  if (isWhole || typeof variable.value !== 'object') return undefined
  const kind = Array.isArray(variable.value) ? 'a list' : 'a map'
  return {
    what: `variable ${quote(name)} is ${kind}`,
    says: 'expected text, a number or true | false beside other text',
  }
}

function wordOf(variable: Variable | undefined): string {
  if (typeof variable?.value === 'number') return variable.written ?? String(variable.value)
  return String(variable?.value)
}
