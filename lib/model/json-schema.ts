import { bundleSchema } from './bundle-schema.ts'
import type { CharmMeta } from './charm-meta.ts'
import { inventorySchema } from './inventory.ts'
import { mapRecord } from './map-record.ts'
import { shapeOf, type Shape } from './schema-text.ts'

/** What a bundle may hold, as JSON Schema for editors; the options and resources of each charm included. */
export function bundleJsonSchema(charms: Record<string, CharmMeta>): Shape {
  const shape = shapeOf(bundleSchema)
  const applications = property(shape, 'applications')
  const application = applications.additionalProperties as Shape
  const { description, ...text } = property(application, 'charm')
  const charm = {
    description,
    anyOf: [
      { ...text, enum: Object.keys(charms) },
      { ...text, pattern: '/' },
    ],
  }
  return {
    ...shape,
    title: 'kcharm bundle',
    $defs: { ...shape.$defs, expanded: EXPANDED },
    properties: {
      ...shape.properties,
      applications: {
        ...applications,
        additionalProperties: {
          ...application,
          properties: mapRecord({ ...application.properties, charm }, expandable),
          allOf: Object.values(charms).map((meta) => optionsOf(meta)),
        },
      },
    },
  }
}

/** What an inventory may hold, as JSON Schema for editors. */
export function inventoryJsonSchema(): Shape {
  return { ...shapeOf(inventorySchema), title: 'kcharm inventory' }
}

/** What becomes another value before it is checked: a text with variables, or a file. */
const EXPANDED: Shape = { type: 'string', pattern: String.raw`\$\{|^include-(file|base64)://` }

/** The same with such a text in place of any value of it. */
function expandable(_name: string, shape: unknown): Shape {
  if (typeof shape !== 'object' || shape === null || Object.keys(shape).length === 0) return shape as Shape
  const { description, default: byDefault, ...plain } = shape as Shape
  const { properties, additionalProperties, items } = plain
  const inner = {
    ...plain,
    ...(properties && { properties: mapRecord(properties, expandable) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: expandable('', additionalProperties) }),
    ...(typeof items === 'object' && !Array.isArray(items) && { items: expandable('', items) }),
  }
  return {
    ...(description !== undefined && { description }),
    ...(byDefault !== undefined && { default: byDefault }),
    ...(plain.type === 'string' && !plain.pattern && !plain.enum
      ? plain
      : { anyOf: [inner, { $ref: '#/$defs/expanded' }] }),
  }
}

/** An application of this charm takes these options, none of which has to be there. */
function optionsOf({ name, config, resources }: CharmMeta): Shape {
  const options = without(shapeOf(config), '$schema', 'required')
  const files = { propertyNames: { enum: Object.keys(resources) } }
  return {
    if: { properties: { charm: { const: name } } },
    then: {
      properties: {
        options: expandable('options', { ...options, properties: mapRecord(options.properties ?? {}, described) }),
        resources: files,
      },
    },
  }
}

/** Editors show the title where there is one, and ours are types in words. */
function described(_name: string, shape: unknown): Shape {
  return without(shape as Shape, 'title')
}

function without(shape: Shape, ...keys: string[]): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([key]) => !keys.includes(key)))
}

function property({ properties }: Shape, name: string): Shape {
  return (properties?.[name] ?? {}) as Shape
}
