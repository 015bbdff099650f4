import { isAlias, isMap, isPair, isScalar, isSeq, visit, type Document, type Node, type Pair } from 'yaml'
import { printable, quote } from './faults.ts'
import { followed, keyText, startOf } from './positions.ts'

export interface NodeFault {
  offset: number
  says: string
}

/** What gives the document no value at all: unknown and circular aliases, and merges of something else than maps. */
export function meaningFaults(doc: Document.Parsed): NodeFault[] {
  const faults = aliasFaults(doc)
  if (faults.length > 0) return faults
  visit(doc, {
    Pair(_key, pair) {
      if (keyText(pair.key) === '<<' && !mergesMaps(doc, pair)) {
        faults.push({ offset: startOf(pair.key), says: 'a merge (<<) of something else: expected maps' })
      }
    },
  })
  return faults
}

/** What YAML allows and what would be lost or misread in silence: tags, and keys that fall together. */
export function keyFaults(doc: Document.Parsed): NodeFault[] {
  const faults = doc.warnings.map(({ pos }) => ({ offset: pos[0], says: 'a tag (!…): expected a plain value' }))
  visit(doc, {
    Map(_key, map) {
      for (const fault of faultsOfKeys(map.items)) faults.push(fault)
    },
  })
  return faults
}

function aliasFaults(doc: Document.Parsed): NodeFault[] {
  const faults: NodeFault[] = []
  const anchors = new Map<string, Node>()
  visit(doc, {
    Node(_key, node, ancestors) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
        return
      }
      const target = anchors.get(node.source)
      const [offset, name] = [startOf(node), quote(node.source)]
      if (target === undefined) faults.push({ offset, says: `unknown alias ${name}: expected an anchor above it` })
      else if (ancestors.includes(target)) faults.push({ offset, says: `alias ${name} stands for a part of itself` })
    },
  })
  return faults
}

function mergesMaps(doc: Document.Parsed, { key, value }: Pair): boolean {
  if (!isScalar(key) || typeof key.value === 'string') return true
  const source = followed(doc, value)
  return (isSeq(source) ? source.items : [source]).every((part) => isMap(followed(doc, part)))
}

function faultsOfKeys(items: readonly unknown[]): NodeFault[] {
  const seen = new Set<string>()
  return items.filter(isPair).flatMap(({ key }) => {
    const name = keyText(key) ?? ''
    const says = keyFault(key, name) ?? (seen.has(name) ? `key ${quote(name)} stands here twice: expected it once` : '')
    seen.add(name)
    return says === '' ? [] : [{ offset: startOf(key), says }]
  })
}

function keyFault(key: unknown, name: string): string | undefined {
  if (!isScalar(key) || key.value === null) return 'a key that is not a word: expected text'
  if (name === '__proto__') return 'key "__proto__" is not allowed'
  const written = typeof key.value === 'string' ? name : key.source
  if (written === name) return undefined
  return printable(`key ${written ?? ''} is read as ${name}: expected text; write it in quotes`)
}
