import { ROOT, type Source } from './sources.ts'

/** Absolute paths of one machine: this checkout's own, and the folders where people and services keep theirs. */
export function machinePaths(sources: Source[], root = ROOT): string[] {
  return sources.flatMap(({ path, text }) => {
    const own = text.includes(`${root}/`) ? [`${path}: ${root}/`] : []
    return [...own, ...[...text.matchAll(PERSONAL)].map(([found]) => `${path}: ${found}`)]
  })
}

/** Not `work/…` inside another path or a URL. */
const PERSONAL = /(?<![\w.}/-])\/(work|workspace|builds|Users)\/[\w.-]+/g

/** Those that documentation, licences and tests name. A mirror or registry is none of them: everybody has their own. */
const HOSTS =
  /^([\w-]+|.*\.(test|example)|example\.(org|com|net)|github\.com|containerd\.io|katacontainers\.io|go\.dev|json-schema\.org|juju\.is|stately\.ai|tukaani\.org|www\.apache\.org|www\.w3\.org|docs\.npmjs\.com)$/

/** Web addresses of hosts that nobody looked at. */
export function unknownHosts(sources: Source[]): string[] {
  return sources
    .filter(({ path }) => path !== 'package-lock.json')
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\bhttps?:\/\/(?:[^/\s@]*@)?([A-Za-z0-9][\w.-]*)/g)].flatMap(([, host = '']) =>
        HOSTS.test(host) ? [] : [`${path}: ${host}`],
      ),
    )
}

/** Packages that the lockfile ties to one registry's address; without it npm asks the registry that it is set up with. */
export function resolvedPackages(lockfile: string): string[] {
  return [...lockfile.matchAll(/"resolved": "([^"]*)"/g)].map(([, url = '']) => url)
}
