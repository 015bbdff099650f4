import { digest } from '../model/json.ts'
import type { Kind, Undoer } from './kind.ts'
import { type Manager, WAYS } from './package-manager.ts'
import { HOME, path } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

/** What the repositories of one source file offer, read by the package manager; no other repository is asked. */
export interface RepositoryIndexObject {
  kind: 'repository-index'
  manager: Manager
  /** The source file: a `.sources` or `.list` of apt, a `.repo` of dnf or zypper. */
  source: string
}

export type IndexCell = 'read' | 'unread'

const indexUndoer: Undoer = {
  prefix: 'index',
  reading: (name) => indexReading(partsOf(name)),
  restore: (name) => `kc_forget_index ${wordsOf(partsOf(name))}`,
  awaits: (name) => WAYS[partsOf(name).manager].busy,
}

export const repositoryIndex: Kind<RepositoryIndexObject> = {
  undo: indexUndoer,
  reading: (object) => indexReading(object),
  plan(object, view) {
    const before = view.peek(indexReading(object))
    const { key } = indexReading(object)
    const renewed = view.touched(`file:${object.source}`) && !view.touched(key)
    if (!isUnknown(before) && before === 'read' && !renewed) return undefined
    return {
      key,
      verb: `read what the repository of ${object.source} offers`,
      before: isUnknown(before) ? 'unread' : before,
      after: 'read',
      sides: {},
      script: `kc_index ${wordsOf(object)}`,
      awaits: WAYS[object.manager].busy,
    }
  },
}

type Parts = Omit<RepositoryIndexObject, 'kind'>

export function indexReading(at: Parts): Reading<IndexCell> {
  return {
    key: `index:${at.manager}${at.source}`,
    lasting: 'cell',
    script: `kc_indexed ${path(at.source)} ${marker(at)}`,
    parse: (frame) => (frame === 'read' ? 'read' : 'unread'),
  }
}

function partsOf(name: string): Parts {
  const cut = name.indexOf('/')
  const manager = name.slice(0, cut)
  return { manager: manager === 'dnf' || manager === 'zypper' ? manager : 'apt', source: name.slice(cut) }
}

function wordsOf(at: Parts): string {
  return `${at.manager} ${path(at.source)} ${marker(at)}`
}

function marker({ source }: Parts): string {
  return path(`${HOME}/indexes/${digest(source)}`)
}
