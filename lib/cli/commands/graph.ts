import * as Flags from '@oclif/core/flags'
import { ModelCommand } from '../model-command.ts'

export default class Graph extends ModelCommand {
  static override summary = 'draw the model: applications, units, relations, and how they are'
  static override description = 'As they were last seen; kcharm status --refresh reads the machines.'
  static override examples = ['<%= config.bin %> graph -o model.svg', '<%= config.bin %> graph --format mermaid']
  static override flags = {
    format: Flags.string({ summary: 'as what', options: ['svg', 'mermaid'], default: 'svg' }),
    out: Flags.string({ char: 'o', summary: 'into this file', helpValue: 'FILE' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(Graph)
    const { openWorkspace } = await import('../workspace.ts')
    const { readModel } = await import('../../run/read-model.ts')
    const { statusOfModel } = await import('../../run/status.ts')
    const { graphOf, renderMermaid } = await import('../../report/graph.ts')
    const work = openWorkspace(flags, 'graph')
    const graph = graphOf(statusOfModel(await readModel(work), work.charms))
    const render = flags.format === 'mermaid' ? renderMermaid : (await import('../../report/graph-svg.ts')).renderSvg
    const text = render(graph)
    if (flags.out === undefined) this.print(text)
    else {
      const { writeFile } = await import('node:fs/promises')
      await writeFile(flags.out, text)
    }
    return graph
  }
}
