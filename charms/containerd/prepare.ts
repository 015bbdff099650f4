import { textReading } from '../../lib/host/file.ts'
import type { EditObject } from '../../lib/host/edit.ts'
import { remembered } from '../../lib/model/memo.ts'
import type { Config } from './config.ts'
import type { Ctx } from './context.ts'
import { CONFIG } from './observe.ts'
import { enableCri, migrateConfig } from './toml/index.ts'

type Words = Pick<Config, 'migrate_config' | 'enable_cri'>

/** What must be mended in the operator's file before anything else goes into it, each with a word of the operator's. */
export function preparations(words: Words, daemon: string): EditObject[] {
  const { migrate_config: migrates, enable_cri: enables } = words
  const validate = { argv: ['containerd', '-c', '{new}', 'config', 'dump'] }
  const common = { kind: 'edit' as const, path: CONFIG, validate }
  return [
    ...(migrates
      ? [
          {
            ...common,
            id: 'migrate',
            intent: 'write it for schema 2',
            fn: (text: string) => migrated({ text, daemon }).text,
            why: (text: string) => migrationWords({ text, daemon }),
          },
        ]
      : []),
    ...(enables
      ? [{ ...common, id: 'enable-cri', intent: 'enable CRI', fn: enableCri, why: () => 'enables CRI' }]
      : []),
  ]
}

/** The main file as it will be read for everything else; nothing where it is not known yet or not there. */
export function preparedMain({ config, view }: Ctx, daemon: string): string | undefined {
  const text = view.peek(textReading(CONFIG))
  return typeof text === 'string' && text !== '' ? preparedText({ text, daemon, words: wordsOf(config) }) : undefined
}

export const preparedText = remembered((given: { text: string; daemon: string; words: Words }) =>
  preparations(given.words, given.daemon).reduce((text, { fn }) => fn(text), given.text),
)

export function wordsOf({ migrate_config, enable_cri }: Config): Words {
  return { migrate_config, enable_cri }
}

const migrated = remembered((given: { text: string; daemon: string }) =>
  migrateConfig(given.text, { path: CONFIG, daemon: given.daemon }),
)

function migrationWords(given: { text: string; daemon: string }): string {
  const { wakes, lost } = migrated(given)
  return [
    'from schema 1 to 2',
    wakes.length === 0 ? 'no setting gets effect by that' : `these get effect: ${wakes.join(', ')}`,
    lost.length === 0 ? 'none is lost' : `these are lost: ${lost.join(', ')}`,
  ].join('; ')
}
