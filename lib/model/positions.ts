import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Document, type Pair } from 'yaml'
import type { Path } from './faults.ts'

/** Where a path stands: offsets of its key (or list item) and of its value, and the value as written. */
export interface Place {
  key: number
  value: number
  written?: string
}

/**
 * The place of a path in a YAML document, through aliases and merge keys.
 * A path that is not there gives the place of its nearest ancestor's key.
 */
export function locate(doc: Document, path: Path): Place {
  let node: unknown = doc.contents
  let place: Place = placeOf(node, 0)
  for (const step of path) {
    const holder = followed(doc, node)
    const pair = isMap(holder) ? pairOf(doc, holder.items, String(step)) : undefined
    const next = isSeq(holder) ? holder.items[Number(step)] : pair?.value
    if (pair === undefined && next === undefined) return { key: place.key, value: place.key }
    place = placeOf(next, isNode(pair?.key) ? startOf(pair.key) : undefined)
    node = next
  }
  return place
}

/** What an alias stands for; any other node is itself. */
export function followed(doc: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(doc) : node
}

/** The entry of a map, or of what is merged into it by `<<`. */
function pairOf(doc: Document, items: readonly unknown[], name: string): Pair | undefined {
  const pairs = items.filter(isPair)
  const own = pairs.find((pair) => keyText(pair.key) === name)
  if (own !== undefined) return own
  for (const merge of pairs.filter((pair) => keyText(pair.key) === '<<')) {
    const source = followed(doc, merge.value)
    for (const part of isSeq(source) ? source.items : [source]) {
      const map = followed(doc, part)
      const found = isMap(map) ? pairOf(doc, map.items, name) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** The name that a key gets in the parsed value; undefined for a key that is not one word. A merge key's value is a symbol. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  return typeof key.value === 'symbol' ? key.source : String(key.value)
}

function placeOf(node: unknown, key: number | undefined): Place {
  const start = isNode(node) ? startOf(node) : (key ?? 0)
  const written = isScalar(node) ? node.source : undefined
  // An empty value (`charm:`) has no text of its own to point at.
  const value = written === '' ? (key ?? start) : start
  return { key: key ?? start, value, ...(written === undefined ? {} : { written }) }
}

/** Offset of a node's first character. */
export function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
