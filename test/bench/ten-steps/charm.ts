import { z } from 'zod'
import { quote } from '../../../lib/host/shell.ts'
import type { Reading } from '../../../lib/host/view.ts'
import { life, rest, stage, undo } from '../../../lib/lifecycle/chart.ts'
import { type Charm, defineCharm } from '../../../lib/lifecycle/charm.ts'
import { FILES, LINE, LINES, NAMES, TEMPLATE } from './steps.ts'

/** A group or a user: kcharm has no object that makes them, so this only asks for them, as the others do in a no-op. */
function known(database: 'group' | 'passwd', name: string): Reading<boolean> {
  return {
    key: `${database}:${name}`,
    lasting: 'fact',
    script: `getent ${database} ${quote(name)} >/dev/null && echo yes`,
    parse: (frame) => frame === 'yes',
  }
}

const PEOPLE = [known('group', NAMES.group), known('passwd', NAMES.user)]

/** Ten things that a machine shall have, as in `playbook.yaml` and `deploy.py`. */
export const ten: Charm = defineCharm({
  name: 'ten',
  summary: 'ten steps',
  subordinate: false,
  config: z.strictObject({ greeting: z.string().default('hello') }),
  endpoints: {},
  resources: { download: { description: 'a file with a digest', formats: ['txt'] } },
  chart: life('ten', 'absent', {
    absent: rest('unknown', { begin: 'making', remove: 'clearing' }),
    making: stage({ ok: 'active', blocked: 'blocked', fail: 'failed' }, { hook: 'install' }),
    active: rest('active', { begin: 'making', remove: 'clearing', changed: 'making' }),
    blocked: rest('blocked', { begin: 'making', remove: 'clearing', changed: 'making' }),
    failed: rest('error', { begin: 'making', remove: 'clearing', changed: 'making' }),
    clearing: undo('all', { ok: 'removed', fail: 'failed' }, { hook: 'remove' }),
    removed: rest('terminated', { begin: 'making', remove: 'clearing' }),
  }),
  observe: () => PEOPLE,
  stages: {
    making({ view, config, resources }) {
      const lacking = PEOPLE.find((reading) => !view.read(reading))
      const { download } = resources
      if (lacking || !download) return { blocked: { message: `no ${lacking?.key ?? 'download'}` } }
      return {
        objects: [
          { kind: 'package', name: NAMES.package },
          { kind: 'directory', path: '/opt/ten' },
          ...FILES.map(({ path, text }) => ({ kind: 'file' as const, path, text })),
          { kind: 'file', path: TEMPLATE.path, text: TEMPLATE.text.replace('{{ greeting }}', config.greeting) },
          { kind: 'edit', path: LINES, id: 'ten', intent: LINE, fn: withLine },
          { kind: 'resource-file', path: '/opt/ten/download', blob: download },
          { kind: 'link', path: '/opt/ten/link', target: '/opt/ten/one' },
        ],
      }
    },
  },
  waits: {},
  heeds: () => null,
})

function withLine(text: string): string {
  return text.split('\n').includes(LINE) ? text : `${text}${LINE}\n`
}
