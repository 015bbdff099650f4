import * as Args from '@oclif/core/args'
import { BaseCommand } from '../base-command.ts'

export default class Schema extends BaseCommand {
  static override summary = 'print the JSON Schema of a bundle or an inventory, for editors'
  static override description =
    'Kept beside a file, an editor with a YAML language server completes and checks it: # yaml-language-server: $schema=FILE'
  static override examples = ['<%= config.bin %> schema bundle > bundle.schema.json']
  static override args = {
    file: Args.string({ required: true, description: 'of what', options: ['bundle', 'inventory'] }),
  }

  async run(): Promise<object> {
    const { args } = await this.parse(Schema)
    const { bundleJsonSchema, inventoryJsonSchema } = await import('../../model/json-schema.ts')
    const { charms } = await import('../../../charms/index.ts')
    const schema = args.file === 'bundle' ? bundleJsonSchema(charms) : inventoryJsonSchema()
    this.print(JSON.stringify(schema, undefined, 2))
    return schema
  }
}
