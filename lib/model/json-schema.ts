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
  const charm = { ...property(application, 'charm'), enum: Object.keys(charms) }
  return {
    ...shape,
    title: 'kcharm bundle',
    properties: {
      ...shape.properties,
      applications: {
        ...applications,
        additionalProperties: {
          ...application,
          properties: { ...application.properties, charm },
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

/** An application of this charm takes these options, none of which has to be there. */
function optionsOf({ name, config, resources }: CharmMeta): Shape {
  const options = without(shapeOf(config), '$schema', 'required')
  const files = { propertyNames: { enum: Object.keys(resources) } }
  return {
    if: { properties: { charm: { const: name } } },
    then: {
      properties: {
        options: { ...options, properties: mapRecord(options.properties ?? {}, described) },
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
