import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KcharmError } from '../../errors/index.ts'

const SUITES = /^(oldstable|stable|testing|unstable|sid|bullseye|bookworm|trixie|forky)$/

/** The Debian mirror that this machine itself uses; KCHARM_MIRROR overrules it. */
export async function readMirror(etc = '/etc/apt'): Promise<string> {
  const chosen = process.env['KCHARM_MIRROR']
  if (chosen) return chosen
  const mirror = findMirror(await readSources(etc))
  if (mirror) return mirror
  throw new KcharmError('lab', `no Debian mirror in ${etc}/sources.list or ${etc}/sources.list.d`, {
    hint: 'Name one: KCHARM_MIRROR=http://HOST/debian',
  })
}

/** The first address in apt source files (both formats) that serves a Debian suite, not its security updates. */
export function findMirror(texts: readonly string[]): string | undefined {
  return texts
    .flatMap((text) => [...stanzas(text), ...lines(text)])
    .find(({ suites }) => suites.some((s) => SUITES.test(s)))?.uri
}

interface Source {
  uri: string
  suites: string[]
}

function stanzas(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const uri = field(stanza, 'URIs')[0]
    return uri && !/^Enabled:\s*no/im.test(stanza) ? [{ uri, suites: field(stanza, 'Suites') }] : []
  })
}

function field(stanza: string, name: string): string[] {
  return new RegExp(`^${name}:(.*)$`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? []
}

function lines(text: string): Source[] {
  return [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+:\/\/\S+)\s+(\S+)/gm)].map(([, uri = '', suite = '']) => ({
    uri,
    suites: [suite],
  }))
}

async function readSources(etc: string): Promise<string[]> {
  const folder = join(etc, 'sources.list.d')
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /\.(list|sources)$/.test(name)).sort()
  return Promise.all(
    [join(etc, 'sources.list'), ...files.map((name) => join(folder, name))].map((path) =>
      readFile(path, 'utf8').catch(() => ''),
    ),
  )
}
