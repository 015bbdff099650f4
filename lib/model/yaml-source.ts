import {
  LineCounter,
  Lexer,
  parseAllDocuments,
  Parser,
  parseDocument,
  visit,
  type Document,
  type YAMLParseError,
} from 'yaml'
import type { Code } from '../errors/index.ts'
import { MOST_FAULTS, printable, problemText, refusal, type Path, type Problem } from './faults.ts'
import { locate, startOf } from './positions.ts'
import { keyFaults, meaningFaults, type NodeFault } from './yaml-checks.ts'

/** A YAML file as plain values, with the place of each of them. */
export interface YamlSource {
  file: string
  value: unknown
  /** `file:line:column` of the value at a path, or of the nearest thing above it that is there. */
  at(path: Path): string
  /** The file that a value stands in: what a path in it is relative to. */
  fileOf(path: Path): string
  /** A plain or quoted value as it is written: `1.10` where the value is 1.1. */
  written(path: Path): string | undefined
  /** Throws one error with all faults in the order of the file, the YAML's own and the given ones; none: nothing. */
  check(problems: Problem[]): void
  /** The same as texts, each with its place. */
  faults(problems: Problem[]): string[]
}

/** Larger than any bundle that a person wrote, small enough to be parsed at once. */
const LARGEST = 1024 * 1024
/** Deeper nesting overflows the parser's stack, which can end the process rather than throw. */
const DEEPEST = 100
/** Uses of anchors, multiplied through nested ones: what bounds "billion laughs". */
const MOST_ALIASES = 1000

/** Reads one YAML document. Throws `code` with all faults when it is not YAML of one plain meaning. */
export function readYaml(input: string, { file, code }: { file: string; code: Code }): YamlSource {
  const text = input.replace(/^\ufeff/, '')
  const lines = linesOf(text)
  const position = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const texts = (faults: Placed[]): string[] =>
    faults
      .toSorted((a, b) => a.offset - b.offset)
      .slice(0, MOST_FAULTS)
      .map(({ offset, says }) => `${position(offset)}: ${typeof says === 'string' ? says : problemText(says)}`)
  const stop = (faults: Placed[]): void => {
    if (faults.length > 0) throw refusal(code, file, texts(faults), faults.length)
  }
  stop(outsized(text))
  stop(unprintable(text))
  // uniqueKeys is quadratic and takes `0` and `"0"` for different: keyFaults does it. A schema that is named here
  // holds against a `%YAML 1.1` line, which would read `no` as false and dates as dates.
  const meaning = { merge: true, uniqueKeys: false, schema: 'core', resolveKnownTags: false } as const
  const doc = parseDocument(text, { ...meaning, prettyErrors: false, logLevel: 'error' })
  stop(ownFaults(doc.errors, lines))
  stop(meaningFaults(doc))
  const { value, faults } = plainValue(doc)
  stop(faults)
  const all = (problems: Problem[]): Placed[] => [...keyFaults(doc), ...problems.map((problem) => placed(doc, problem))]
  return {
    file,
    value,
    at: (path) => position(locate(doc, path).value),
    fileOf: () => file,
    written: (path) => locate(doc, path).written,
    check: (problems) => stop(all(problems)),
    faults: (problems) => texts(all(problems)),
  }
}

/**
 * Reads every document of a file, each with its places in the whole of it; a file without a second one as `readYaml` does.
 * Throws as that does.
 */
export function readYamlDocuments(input: string, given: { file: string; code: Code }): YamlSource[] {
  const text = input.replace(/^\ufeff/, '')
  if (!/^---/m.test(text) || outsized(text).length > 0) return [readYaml(text, given)]
  const documents = [parseAllDocuments(text, { logLevel: 'error', prettyErrors: false })].flat()
  if (documents.length < 2) return [readYaml(text, given)]
  return documents.map(({ range: [start, end] }) => {
    // Blanks in place of the others keep every place as it is.
    const before = text.slice(0, start).replace(/[^\n]/g, ' ')
    return readYaml(before + text.slice(start, end), given)
  })
}

/** Problems become text only when they are shown. */
type Placed = { offset: number; says: string | Problem }

function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1)
  return lines
}

/**
 * The parser goes on after an error. What it says next about the same line comes of that error, and so does all that
 * follows once it has lost the document.
 */
function ownFaults(errors: readonly YAMLParseError[], lines: LineCounter): NodeFault[] {
  const lost = errors.findIndex(({ message }) => message.includes('in YAML stream'))
  const own = lost === -1 ? errors : errors.slice(0, lost + 1)
  const firstOfLine = new Map(own.toReversed().map((error) => [lines.linePos(error.pos[0]).line, error]))
  return [...firstOfLine.values()].map(syntaxFault)
}

function outsized(text: string): NodeFault[] {
  if (Buffer.byteLength(text) > LARGEST) return [{ offset: 0, says: 'too large: expected at most 1 MiB' }]
  // The stack holds the document, a level for an indicator at most, and a scalar: with so few there is nothing to look for.
  if ((text.match(/[-?:[{]/g) ?? []).length + 2 <= DEEPEST) return []
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    parser.next(lexeme).next()
    if (parser.stack.length > DEEPEST) {
      return [{ offset: parser.offset, says: `nested too deeply: expected at most ${DEEPEST} levels` }]
    }
  }
  return []
}

/** Characters that no YAML may hold as they stand (YAML 1.2, c-printable): seen by nobody who reads the file. */
function unprintable(text: string): NodeFault[] {
  const found = text.matchAll(/[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu)
  return [...found].slice(0, MOST_FAULTS).map(({ index, 0: character }) => {
    return {
      offset: index,
      says: printable(`a control character (${character}): expected text; write it as an escape in double quotes`),
    }
  })
}

/** The parser can quote the text that it stumbles over, which may be a secret. */
function syntaxFault({ code, pos, message }: YAMLParseError): NodeFault {
  const offset = pos[0]
  if (code !== 'MULTIPLE_DOCS')
    return { offset, says: printable(`not YAML: ${message.replace(/ in YAML stream: .*/s, '')}`) }
  return { offset, says: 'a second document begins here: expected one' }
}

/** Aliases are resolved by now, so what can still be thrown is the guard against their number. */
function plainValue(doc: Document.Parsed): { value: unknown; faults: NodeFault[] } {
  try {
    return { value: doc.toJS({ maxAliasCount: MOST_ALIASES }), faults: [] }
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const says = `aliases multiply: expected at most ${MOST_ALIASES} uses`
    return { value: undefined, faults: [{ offset: firstAlias(doc), says }] }
  }
}

function firstAlias(doc: Document.Parsed): number {
  let offset: number | undefined
  visit(doc, {
    Alias(_key, node) {
      offset ??= startOf(node)
    },
  })
  return offset ?? 0
}

function placed(doc: Document.Parsed, problem: Problem): Placed {
  const { key, value } = locate(doc, problem.path)
  return { offset: problem.atKey === true ? key : value, says: problem }
}
