import { dirname, resolve } from 'node:path'
import { applicationProblems } from './bundle-references.ts'
import { resolveRelations } from './bundle-relations.ts'
import {
  WEB,
  bundleSchema,
  draftSchema,
  type Draft,
  type DraftApplication,
  type DraftResource,
} from './bundle-schema.ts'
import type { CharmMeta } from './charm-meta.ts'
import type { ResourceRef } from './declaration.ts'
import { mapRecord } from './map-record.ts'
import type { Match } from './match-ends.ts'
import { parseTarget, targetsOf, type Placement } from './placement.ts'
import { fieldsOf, shapeOf, type Field } from './schema-text.ts'
import { layered } from './overlay.ts'
import { readYamlDocuments, type YamlSource } from './yaml-source.ts'
import { problemsOf } from './zod-problems.ts'

/** A bundle that has been checked against its charms; which machines it means is not settled yet. */
export interface Bundle {
  file: string
  description?: string
  applications: Record<string, BundleApplication>
  relations: Match[]
  /** By the bundle's own names. Absent: the inventory's machines are used as they are. */
  machines?: Record<string, BundleMachine>
}

export interface BundleApplication {
  charm: string
  /** As given, before defaults. */
  options: Record<string, unknown>
  resources: Record<string, ResourceRef>
  placement: Placement
  /** Where it is written, `file:line:column`. */
  at: string
}

export interface BundleMachine {
  tags: string[]
  /** `file:line:column`. */
  at: string
}

interface Given {
  /** The bundle's path: named in faults, and what resource paths are relative to. */
  file: string
  /** Every charm there is, by name. */
  charms: Record<string, CharmMeta>
  /** Further documents that are laid over it, in this order; after those of the bundle's own file. */
  overlays?: { file: string; text: string }[]
}

/** Reads and checks a bundle. Throws `invalid-bundle` with all its faults, each `file:line:column: …`. */
export function parseBundle(text: string, { file, charms, overlays = [] }: Given): Bundle {
  const code = 'invalid-bundle'
  const [base, ...further] = [{ file, text }, ...overlays].flatMap((each) =>
    readYamlDocuments(each.text, { file: each.file, code }),
  )
  const source = layered([base as YamlSource, ...further], code)
  const draft = draftSchema.parse(source.value)
  const { relations, problems } = resolveRelations(draft, charms)
  const shape = problemsOf(bundleSchema, { value: source.value, written: source.written })
  source.check([...shape, ...applicationProblems(draft, { charms, source }), ...problems])
  return {
    file,
    ...(draft.description === undefined ? {} : { description: draft.description }),
    applications: mapRecord(draft.applications, (app, given) => application(app, given, { charms, source })),
    relations,
    ...(draft.machines === undefined ? {} : { machines: machines(draft.machines, source) }),
  }
}

/** Every field of a bundle, for the reference page. */
export function bundleFields(): Field[] {
  return fieldsOf(shapeOf(bundleSchema))
}

function application(
  app: string,
  given: DraftApplication,
  { charms, source }: Pick<Given, 'charms'> & { source: YamlSource },
): BundleApplication {
  const charm = given.charm ?? ''
  const resources = mapRecord(given.resources ?? {}, (name, one) =>
    resourceRef(one, source.fileOf(['applications', app, 'resources', name])),
  )
  const subordinate = charms[charm]?.subordinate ?? false
  return {
    charm,
    options: given.options ?? {},
    resources,
    placement: placement(app, { given, subordinate, source }),
    at: source.at(['applications', app, 'charm']),
  }
}

function placement(
  app: string,
  { given, subordinate, source }: { given: DraftApplication; subordinate: boolean; source: YamlSource },
): Placement {
  const path = ['applications', app]
  const named = targetsOf(given.to)
  const all = named.length === 0 || named.some(({ text }) => text === 'all')
  const targets = named.map(({ text, below }) => parseTarget(text, source.at([...path, 'to', ...below])))
  const units = given.num_units
  return {
    targets: subordinate ? [] : all ? 'all' : targets,
    ...(units === undefined ? {} : { units }),
    at: source.at([...path, units === undefined ? 'to' : 'num_units']),
  }
}

/** A path is relative to the bundle, so that bundle and files can move together. */
function resourceRef(given: DraftResource | undefined, file: string): ResourceRef {
  const { path, url, sha256, fetch } = typeof given === 'string' ? { path: given } : { ...given }
  const from = url ?? path ?? ''
  return {
    from: WEB.test(from) ? from : resolve(dirname(file), from),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(fetch === undefined ? {} : { fetch }),
  }
}

function machines(given: NonNullable<Draft['machines']>, source: YamlSource): Record<string, BundleMachine> {
  return mapRecord(given, (name, machine) => ({ tags: machine?.tags ?? [], at: source.at(['machines', name]) }))
}
