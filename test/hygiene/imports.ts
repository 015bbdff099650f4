import { posix } from 'node:path'
import ts from 'typescript'
import type { Source } from './sources.ts'

/** Which areas an area may import from, besides itself. The whole of the design's direction is in this table. */
const MAY: Record<string, string[]> = {
  errors: [],
  version: [],
  model: ['errors'],
  host: ['errors', 'model'],
  lifecycle: ['errors', 'model', 'host'],
  plan: ['errors', 'model', 'host', 'lifecycle'],
  ssh: ['errors', 'host'],
  state: ['errors', 'model', 'lifecycle'],
  run: ['errors', 'model', 'host', 'lifecycle', 'plan', 'ssh', 'state'],
  lab: ['errors'],
  report: ['errors', 'model', 'lifecycle', 'plan', 'run', 'state', 'lab'],
  cli: ['errors', 'version', 'model', 'lifecycle', 'plan', 'run', 'state', 'lab', 'report', 'charms', 'index'],
  testing: ['errors', 'model', 'host', 'lifecycle'],
  charms: ['errors', 'model', 'host', 'lifecycle'],
  index: ['errors', 'model', 'host', 'lifecycle'],
}

/** Areas that only compute: scripts are text for them, and files, processes and the network are somebody else's. */
const PURE = ['errors', 'model', 'host', 'lifecycle', 'plan', 'charms', 'testing']
const PURE_BUILT_IN = ['node:path', 'node:crypto', 'node:util']
const OUTSIDE = ['ssh2', 'node-ssh', '@oclif/core', '@kubernetes/client-node']

/** Imports against the direction, and what reaches outside from an area that only computes. */
export function wrongImports(sources: Source[]): string[] {
  return ours(sources).flatMap((source) => {
    const from = areaOf(source.path)
    const allowed = MAY[from]
    if (allowed === undefined) return [`${source.path}: ${from} is no area that the table of imports knows`]
    return importsOf(source).flatMap((name) => {
      if (!name.startsWith('.'))
        return PURE.includes(from) && reachesOut(name) ? [`${source.path}: ${from} uses ${name}`] : []
      const to = areaOf(targetOf(source, name))
      return to === from || allowed.includes(to) ? [] : [`${source.path}: ${from} imports ${to}`]
    })
  })
}

/** Every cycle once, as the way round; imports of types count as well. */
export function importCycles(sources: Source[]): string[] {
  const graph = new Map(
    ours(sources).map((source) => [
      source.path,
      importsOf(source).flatMap((name) => (name.startsWith('.') ? [targetOf(source, name)] : [])),
    ]),
  )
  const done = new Set<string>()
  const walk = (path: string, way: string[]): string[] => {
    if (way.includes(path)) return [[...way.slice(way.indexOf(path)), path].join(' -> ')]
    if (done.has(path)) return []
    const found = (graph.get(path) ?? []).flatMap((next) => walk(next, [...way, path]))
    done.add(path)
    return found
  }
  return [...graph.keys()].flatMap((path) => walk(path, []))
}

function ours(sources: Source[]): Source[] {
  return sources.filter(({ path }) => /^(lib|charms)\/.*\.ts$/.test(path))
}

/** `lib/run/verbs/x.ts` is of `run`, `lib/index.ts` of `index`. */
function areaOf(path: string): string {
  const [top = '', area = ''] = path.split('/')
  return top === 'lib' ? area.replace(/\.ts$/, '') : top
}

function importsOf({ text }: Source): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

function targetOf({ path }: Source, name: string): string {
  return posix.join(posix.dirname(path), name)
}

function reachesOut(name: string): boolean {
  return name.startsWith('node:')
    ? !PURE_BUILT_IN.includes(name)
    : OUTSIDE.some((each) => `${name}/`.startsWith(`${each}/`))
}
