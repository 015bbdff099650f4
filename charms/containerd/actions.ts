import { z } from 'zod'
import { namesId, orphanScript, orphansAnswer } from '../../lib/host/orphan-shims.ts'
import { path, quote } from '../../lib/host/shell.ts'
import type { Reading } from '../../lib/host/view.ts'
import { action, type ActionAnswer } from '../../lib/lifecycle/action.ts'
import type { endpoints } from './context.ts'
import type { Config } from './config.ts'
import { placesOf } from './daemon.ts'
import { ctr, type DaemonPlaces } from './observe.ts'

const none = z.strictObject({})
const ending = z.strictObject({
  end: z.boolean().default(false).describe('End them: first SIGTERM, then SIGKILL.'),
})

export const actions = {
  plugins: action<Config, typeof endpoints, typeof none>({
    description: 'The daemon’s plugins with their states; of one that failed, why (`ctr plugins ls`)',
    params: none,
    ask: (context) => plugins(placesOf(context)),
  }),
  images: action<Config, typeof endpoints, typeof none>({
    description:
      'The images that pods use: name, size, digest, and whether the kubelet keeps them (`ctr -n k8s.io images ls`)',
    params: none,
    ask: (context) => images(placesOf(context)),
  }),
  deprecations: action<Config, typeof endpoints, typeof none>({
    description:
      'What the running daemon was told that a later containerd no longer takes (`ctr deprecations list`; 1.6.27, 1.7.12 and later)',
    params: none,
    ask: (context) => deprecations(placesOf(context)),
  }),
  orphans: action<Config, typeof endpoints, typeof ending>({
    description:
      'Finds shims of this daemon whose container it no longer knows, as a restart during a stop leaves them. With end=true they are ended.',
    params: ending,
    makes: true,
    within: 120,
    ask: (context, { end }) => orphans(placesOf(context), end),
  }),
}

interface Plugin {
  type: string
  id: string
  status: string
  error?: string
}

export const plugins = question('plugins', ['plugins ls', 'plugins ls -d'], (frame) => {
  const errors = errorsIn(frame)
  const rows = frame.split('\n').flatMap((line): Plugin[] => {
    const [, type, id, status] = /^(io\.containerd\.\S+)\s+(\S+)\s+\S+\s+(ok|skip|error)\s*$/.exec(line) ?? []
    if (type === undefined || id === undefined || status === undefined) return []
    const error = status === 'ok' ? undefined : errors.get(`${type} ${id}`)
    return [{ type, id, status, ...(error === undefined ? {} : { error }) }]
  })
  const bad = rows.filter(({ status }) => status === 'error')
  const cri = rows.filter(({ type, id }) => id === 'cri' || type === 'io.containerd.cri.v1')
  const ok = cri.length > 0 && bad.every((plugin) => !cri.includes(plugin))
  const names = bad.map(({ type, id }) => `${type}.${id}`).join(', ')
  const says = `${rows.length} plugins, ${bad.length === 0 ? 'none failed' : `failed: ${names}`}`
  return {
    ok,
    result: rows.map((row) => ({ ...row })),
    says: cri.length === 0 ? `${says}; CRI is not among them` : says,
  }
})

export const images = question('images', ['-n k8s.io images ls'], (frame) => {
  const rows = frame.split('\n').flatMap((line) => {
    const [, name, digest, size, labels = ''] = ROW.exec(line) ?? []
    return name === undefined || digest === undefined || size === undefined
      ? []
      : [{ name, size, digest, pinned: labels.includes('io.cri-containerd.pinned=pinned') }]
  })
  const pinned = rows.filter((row) => row.pinned).length
  return { ok: true, result: rows, says: `${rows.length} images, ${pinned} pinned` }
})

/** REF TYPE DIGEST SIZE PLATFORMS LABELS (containerd, cmd/ctr/commands/images). */
const ROW = /^(\S+)\s+\S+\s+(sha256:[0-9a-f]+)\s+([\d.]+ \S+)\s+\S+\s*(.*)$/

export const deprecations = question(
  'deprecations',
  ['deprecations list --format json'],
  (frame) => {
    const found = listOf(frame)
    if (found === undefined) return { ok: false, result: null, says: 'what ctr printed is no list of deprecations' }
    const result = found.map(({ id, message, lastOccurrence }) => ({ id, message, last: lastOccurrence ?? '' }))
    return {
      ok: found.length === 0,
      result,
      says: found.length === 0 ? 'nothing deprecated is in use' : `${found.length} deprecated things are in use`,
    }
  },
  'this containerd keeps no list of deprecations: 1.6.27, 1.7.12 and later do',
)

/**
 * A shim's `-address` is the daemon's that started it; a sandbox is a container as well (containerd#12600). What the daemon did
 * not tell is not guessed: nothing is an orphan then.
 */
export function orphans(places: DaemonPlaces, end: boolean): Reading<ActionAnswer> {
  const silent = "{ echo 'kcharm: no daemon'; exit; }"
  return {
    key: `containerd:action:orphans:${end}`,
    lasting: 'effect',
    script: [
      `[ -S ${path(places.socket)} ] || ${silent}`,
      `spaces=$(${ctr(places)} namespaces ls -q) || ${silent}`,
      'known=',
      `for space in $spaces; do known="$known $(${ctr(places)} -n "$space" containers ls -q)" || ${silent}; done`,
      orphanScript({
        program: `*containerd-shim-*' -id '*' -address '${quote(places.socket)}*`,
        serves: namesId('known'),
        end,
      }),
    ].join('\n'),
    parse: (frame) =>
      frame.startsWith('kcharm: ')
        ? { ok: false, result: null, says: 'the daemon does not answer: nobody can say what it knows' }
        : orphansAnswer(frame, 'a container'),
  }
}

/** Asks the daemon of these places; one that is not there is no answer. */
function question(
  name: string,
  words: string[],
  parse: (frame: string) => ActionAnswer,
  unknown = 'ctr does not know the question',
): (places: DaemonPlaces) => Reading<ActionAnswer> {
  return (places) => ({
    key: `containerd:action:${name}`,
    lasting: 'effect',
    script: [
      `[ -S ${path(places.socket)} ] || { echo 'kcharm: no socket'; exit; }`,
      `${words.map((each) => `${ctr(places)} ${each}`).join('; ')} || echo "kcharm: exit $?"`,
    ].join('\n'),
    parse(frame) {
      const [, fault] = /^kcharm: (.*)$/m.exec(frame) ?? []
      if (fault === undefined) return parse(frame)
      const says = fault === 'exit 3' || /No help topic/.test(frame) ? unknown : 'the daemon does not answer'
      return { ok: false, result: null, says: fault === 'no socket' ? `there is no ${places.socket}` : says }
    },
  })
}

/** By `TYPE ID`, the message of the error in `ctr plugins ls -d`. */
function errorsIn(frame: string): Map<string, string> {
  const blocks = frame.split(/^(?=Type:)/m).filter((block) => block.startsWith('Type:'))
  return new Map(
    blocks.flatMap((block): [string, string][] => {
      const field = (name: string) => new RegExp(`^\\s*${name}:\\s+(.*)$`, 'm').exec(block)?.[1]?.trim()
      const message = field('Message')
      return message === undefined ? [] : [[`${field('Type')} ${field('ID')}`, message]]
    }),
  )
}

const deprecation = z.array(
  z.looseObject({ id: z.string(), message: z.string(), lastOccurrence: z.string().optional() }),
)

function listOf(frame: string): z.infer<typeof deprecation> | undefined {
  try {
    const value: unknown = JSON.parse(frame.trim() || '[]')
    return deprecation.parse(value ?? [])
  } catch {
    return undefined
  }
}
