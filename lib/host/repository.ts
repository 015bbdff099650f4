import type { EditObject } from './edit.ts'
import type { HostObject } from './objects.ts'
import type { Manager } from './package-manager.ts'

/** A package repository as an operator describes it. */
export interface Repository {
  /** Names its files. */
  name: string
  url: string
  /** apt: the suite; `./` for a flat repository. */
  suite: string
  /** apt; none for a flat repository. */
  components: string[]
  /** Path of the key on the machine; absent: packages are not verified, which has to be wanted. */
  key?: string
}

export function sourcePath(manager: Manager, { name }: Pick<Repository, 'name'>): string {
  const folders = { apt: '/etc/apt/sources.list.d', dnf: '/etc/yum.repos.d', zypper: '/etc/zypp/repos.d' }
  return `${folders[manager]}/${name}.${manager === 'apt' ? 'sources' : 'repo'}`
}

/** deb822 (sources.list(5)) for apt, an ini file for the others. */
export function renderRepository(manager: Manager, repository: Repository): string {
  return manager === 'apt' ? renderSources(repository) : renderRepo(repository)
}

/** What keeps a package at its version: apt's own mark, a line in what dnf and zypper read. */
export function holdObject(manager: Manager, name: string): HostObject {
  if (manager === 'apt') return { kind: 'hold', name }
  return manager === 'dnf' ? dnfExclude(name) : zypperLock(name)
}

function renderSources({ url, suite, components, key }: Repository): string {
  return [
    '# Written by kcharm.',
    'Types: deb',
    `URIs: ${url}`,
    `Suites: ${suite}`,
    ...(components.length > 0 ? [`Components: ${components.join(' ')}`] : []),
    key === undefined ? 'Trusted: yes' : `Signed-By: ${key}`,
    '',
  ].join('\n')
}

function renderRepo({ name, url, key }: Repository): string {
  return [
    '# Written by kcharm.',
    `[${name}]`,
    `name=${name}`,
    `baseurl=${url}`,
    'enabled=1',
    `gpgcheck=${key === undefined ? 0 : 1}`,
    ...(key === undefined ? [] : [`gpgkey=file://${key}`]),
    '',
  ].join('\n')
}

/** dnf.conf(5), excludepkgs; the versionlock plugin is not everywhere. Our own installations pass over it. */
function dnfExclude(name: string): EditObject {
  return {
    kind: 'edit',
    path: '/etc/dnf/dnf.conf',
    id: `hold ${name}`,
    intent: `exclude ${name}`,
    ground: '[main]\n',
    fn(text) {
      const lines = (text || '[main]\n').replace(/\n$/, '').split('\n')
      const at = lines.findIndex((line) => /^(excludepkgs|exclude)\s*=/.test(line))
      const words = lines[at]?.replace(/^[^=]*=/, '').split(/[\s,]+/) ?? []
      if (words.includes(name)) return text
      if (at >= 0) lines[at] = `${lines[at]} ${name}`
      else lines.splice(lines.findIndex((line) => line.trim() === '[main]') + 1, 0, `excludepkgs=${name}`)
      return `${lines.join('\n')}\n`
    },
  }
}

/** A lock as `zypper addlock` writes it. */
function zypperLock(name: string): EditObject {
  const lock = `\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: ${name}\n`
  return {
    kind: 'edit',
    path: '/etc/zypp/locks',
    id: `hold ${name}`,
    intent: `lock ${name}`,
    fn: (text) => (text.includes(`solvable_name: ${name}\n`) ? text : `${text}${lock}`),
  }
}
