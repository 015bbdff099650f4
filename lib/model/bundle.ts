import { dirname, resolve } from 'node:path'
import { foldersOf, type Paths, withKeys } from './bundle-charms.ts'
import { applicationProblems } from './bundle-references.ts'
import { resolveRelations } from './bundle-relations.ts'
import {
  WEB,
  bundleSchema,
  draftSchema,
  type BundleRollout,
  type Draft,
  type DraftApplication,
  type DraftResource,
} from './bundle-schema.ts'
import type { CharmMeta } from './charm-meta.ts'
import type { ResourceRef } from './declaration.ts'
import { expandBundle } from './expand-bundle.ts'
import type { Problem } from './faults.ts'
import type { ReadFile } from './include.ts'
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
  rollout?: BundleRollout
}

export interface BundleApplication {
  /** See `charmKey`. */
  charm: string
  /** The folder of a charm that does not come with kcharm, absolute. */
  path?: string
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
  /** Further documents that are laid over it, in this order; after those of the bundle's own file. */
  overlays?: { file: string; text: string }[]
  /** For `include-file://`; without it nothing is included. */
  read?: ReadFile
}

interface Known {
  /** Every charm there is, by key. */
  charms: Record<string, CharmMeta>
  /** By folder: the key of the charm that lies there, or why there is none. */
  found?: Record<string, { charm: string } | { fault: string }>
}

export interface OpenBundle {
  /** Absolute folders of charms that do not come with kcharm: to be loaded before the rest can be checked. */
  folders: string[]
  /** Throws `invalid-bundle` with all faults, each `file:line:column: …`. */
  check(this: void, known: Known): Bundle
}

/** Reads and checks a bundle. Throws as `OpenBundle.check` does. */
export function parseBundle(text: string, given: Given & Known): Bundle {
  return openBundle(text, given).check(given)
}

/** Reads a bundle. Throws `invalid-bundle` for what is no YAML. */
export function openBundle(text: string, { file, overlays = [], read = readNothing }: Given): OpenBundle {
  const code = 'invalid-bundle'
  const documents = [{ file, text }, ...overlays].flatMap((each) =>
    readYamlDocuments(each.text, { file: each.file, code }),
  )
  const { source, problems: unexpanded } = expandBundle(layered(documents as [YamlSource], code), { documents, read })
  const written = draftSchema.parse(source.value)
  const paths = foldersOf(written, source)
  const check = ({ charms, found = {} }: Known): Bundle => {
    const { draft, problems: unfound } = withKeys(written, paths, found)
    const { relations, problems } = resolveRelations(draft, charms)
    const shape = problemsOf(bundleSchema, { value: source.value, written: source.written })
    const meant = [...shape, ...unfound, ...applicationProblems(draft, { charms, source }), ...problems]
    source.check([...unexpanded, ...meant.filter((each) => !unexpanded.some((reason) => isBelow(each, reason)))])
    return {
      file,
      ...(draft.description === undefined ? {} : { description: draft.description }),
      applications: mapRecord(draft.applications, (app, given) => application(app, given, { charms, source, paths })),
      relations,
      ...(draft.machines === undefined ? {} : { machines: machines(draft.machines, source) }),
      ...(draft.rollout === undefined ? {} : { rollout: draft.rollout }),
    }
  }
  return { folders: [...new Set(paths.values())], check }
}

const readNothing: ReadFile = () => ({ fault: 'there are no files here' })

/** What stands where a reference failed is no value to judge. */
function isBelow({ path }: Problem, { path: holder }: Problem): boolean {
  return holder.every((step, index) => path[index] === step)
}

/** Every field of a bundle, for the reference page. */
export function bundleFields(): Field[] {
  return fieldsOf(shapeOf(bundleSchema))
}

function application(
  app: string,
  given: DraftApplication,
  { charms, source, paths }: Known & { source: YamlSource; paths: Paths },
): BundleApplication {
  const charm = given.charm ?? ''
  const resources = mapRecord(given.resources ?? {}, (name, one) =>
    resourceRef(one, source.fileOf(['applications', app, 'resources', name])),
  )
  const subordinate = charms[charm]?.subordinate ?? false
  const path = paths.get(app)
  return {
    charm,
    ...(path === undefined ? {} : { path }),
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
