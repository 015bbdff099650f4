import { KcharmError } from '../../errors/index.ts'
import { ModelCommand } from '../model-command.ts'

export default class Run extends ModelCommand {
  static override summary = 'run an action of a charm on units'
  static override description = `Asks something of each unit's machine and leaves nothing there. \`charm show NAME\` lists a charm's actions.
Exit status 7: a unit answered no.`
  static override usage = 'run UNIT... ACTION [KEY=VALUE...]'
  static override examples = [
    '<%= config.bin %> run containerd/0 plugins',
    '<%= config.bin %> run kata/0 kata/1 sandboxes --json',
  ]
  static override strict = false

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Run)
    const wish = wishOf(argv.map(String))
    const { openWorkspace } = await import('../workspace.ts')
    const { runAction } = await import('../../run/run-action.ts')
    const { answerActions } = await import('../answer-actions.ts')
    const runs = await runAction(openWorkspace(flags, `run ${wish.action}`), wish)
    return answerActions(runs, { print: (text) => this.print(text), setExit: (status) => this.setExit(status) })
  }
}

/** Units have a slash in them; the first word without one is the action. */
function wishOf(words: string[]) {
  const at = words.findIndex((word) => !/^[^=/]+\/\d+$/.test(word))
  const [units, action, pairs] = at < 0 ? [words, undefined, []] : [words.slice(0, at), words[at], words.slice(at + 1)]
  if (units.length === 0 || action === undefined) {
    throw new KcharmError('usage', 'expected units and then an action: kcharm run UNIT... ACTION [KEY=VALUE...]')
  }
  const params = pairs.map((pair): [string, string] => {
    const cut = pair.indexOf('=')
    if (cut < 1) throw new KcharmError('usage', `${pair}: expected KEY=VALUE`)
    return [pair.slice(0, cut), pair.slice(cut + 1)]
  })
  return { units: [...new Set(units)], action, params: Object.fromEntries(params) }
}
