import { z } from 'zod'
import type { CharmMeta } from './charm-meta.ts'
import type { Model } from './declaration.ts'
import { alternatives, shapeAt, shapeOf } from './schema-text.ts'
import type { Path } from './faults.ts'

const REFERENCE = /^(env:\w+|(file|command|ask):.+)$/

/** Words for the sentences of options. */
export const REFERENCES = '`env:NAME`, `file:PATH`, `command:COMMAND` or `ask:QUESTION` on your side'

/** An option that is a secret: where it is to be found, never the secret itself. */
export const secretReference = z
  .string()
  .regex(REFERENCE, 'expected env:NAME, file:PATH, command:COMMAND or ask:QUESTION')
  .meta({ secret: true })

/** Marks the schema of an option that may be such a reference as well as a plain text. */
export function maybeSecret<S extends z.ZodType>(schema: S): S {
  return schema.meta({ secret: true })
}

export function isReference(text: string | undefined): text is string {
  return text !== undefined && REFERENCE.test(text)
}

/** Every reference in the options of the applications that are there, each once, where the charm takes one. */
export function secretsNamed(model: Model, charms: Record<string, CharmMeta>): string[] {
  const found = Object.values(model.applications).flatMap((application) => {
    const meta = charms[application.charm]
    if (meta === undefined || application.life !== 'present') return []
    const { bundleOptions, setOptions } = application
    const likely = textsIn({ ...bundleOptions, ...setOptions }, []).filter(({ text }) => isReference(text))
    if (likely.length === 0) return []
    const shape = shapeOf(meta.config)
    return likely.flatMap(({ text, path }) => {
      const isSecret = alternatives(shapeAt(shape, path) ?? {}).some((part) => part['secret'] === true)
      return isSecret ? [text] : []
    })
  })
  return [...new Set(found)]
}

function textsIn(value: unknown, path: Path): { text: string; path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    textsIn(item, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}
