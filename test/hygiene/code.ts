import ts from 'typescript'
import type { Source } from './sources.ts'

const MOST_LINES = 300

/** Product files that hold more than one idea, by their length. */
export function longFiles(sources: Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    if (!/^(lib|charms|bin)\/.*\.c?[jt]s$/.test(path) || lines <= MOST_LINES) return []
    return [`${path}: ${lines} lines, at most ${MOST_LINES} are allowed`]
  })
}

/** The type `any`, wherever it is written. */
export function anyTypes(sources: Source[]): string[] {
  return inCode(sources, /\bany\b/, (node) => node.kind === ts.SyntaxKind.AnyKeyword)
}

const NOT_RUN = ['skip', 'skipIf', 'runIf', 'only', 'todo', 'fails']
const TESTS = ['test', 'it', 'describe', 'bench', 'suite', 'context']

/** Tests that are written and do not run, or keep others from running. */
export function skippedTests(sources: Source[]): string[] {
  return inCode(sources, /\.(skip|only|todo|fails|runIf)|\bx(it|test|describe)\b/, (node) => {
    if (ts.isIdentifier(node)) return /^x(it|test|describe)$/.test(node.text)
    return ts.isPropertyAccessExpression(node) && NOT_RUN.includes(node.name.text) && TESTS.includes(rootOf(node))
  })
}

/** Comments that switch a check off: of the compiler, the linter, the formatter or coverage. */
export function silencedChecks(sources: Source[]): string[] {
  return code(sources).flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (SILENCE.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  )
}

const SILENCE = /(\/\/|\/\*|<!--|#)\s*(@ts-|eslint-disable|prettier-ignore|(v8|c8|istanbul) ignore|type-coverage:)/

/** `words`: without them in its text a file need not be parsed. */
function inCode(sources: Source[], words: RegExp, isWanted: (node: ts.Node) => boolean): string[] {
  return code(sources).flatMap(({ path, text }) => {
    if (!words.test(text)) return []
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    const found: string[] = []
    const visit = (node: ts.Node): void => {
      if (isWanted(node))
        found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText()}`)
      ts.forEachChild(node, visit)
    }
    visit(file)
    return found
  })
}

function code(sources: Source[]): Source[] {
  return sources.filter(({ path }) => /\.[cm]?[jt]s$/.test(path))
}

/** `test` of `test.each(…).skip`. */
function rootOf(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return rootOf(node.expression)
  return ts.isIdentifier(node) ? node.text : ''
}
