import type { Blob } from '../../lib/host/kind.ts'
import type { HostObject } from '../../lib/host/objects.ts'
import { type Manager, packageManager } from '../../lib/host/package-manager.ts'
import { packagedObjects, type PackageWish } from '../../lib/host/packaged.ts'
import { packageReading } from '../../lib/host/package.ts'
import { path } from '../../lib/host/shell.ts'
import type { Reading, View } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import { CONFIG, versionIn } from './observe.ts'

/** The package that containerd comes in, and where that comes from. */
export interface FromPackage {
  by: 'package'
  manager: Manager
  name: string
  /** The daemon's version as far as it is installed. */
  version: string | undefined
  /** The package's own version, as its manager writes it. */
  installed: string | undefined
  objects: HostObject[]
}

/** Packages that hold a containerd: the distribution's, and Docker's. */
export const PACKAGES = ['containerd', 'containerd.io']

/** The name of the repository's files, and of its key. */
const NAME = 'kcharm-containerd'

export function managerOf({ package_manager: wanted }: Config, view: View): Manager | undefined {
  return wanted === 'auto' ? view.read(packageManager) : wanted
}

/** Which of the packages is there, if one is; looks with the machine's own manager. */
export function packageThere(manager: Manager | undefined, view: View): string | undefined {
  if (manager === undefined) return undefined
  return PACKAGES.find((name) => view.read(packageReading(name, manager)).state === 'installed')
}

export function fromPackage(
  config: Config,
  at: { manager: Manager; name: string; key: Blob | undefined; view: View },
): FromPackage {
  const { manager, name, view } = at
  const cell = view.read(packageReading(name, manager))
  const installed = cell.state === 'installed' ? cell.version : undefined
  return {
    by: 'package',
    manager,
    name,
    installed,
    version: installed === undefined ? undefined : versionIn(installed),
    objects: packagedObjects(wishOf(config, at)),
  }
}

function wishOf(
  config: Config,
  { manager, name, key, view }: { manager: Manager; name: string; key: Blob | undefined; view: View },
): PackageWish {
  const { version, hold, repository: from } = config
  const suite = () => from?.suite ?? (manager === 'apt' ? view.read(codename) : '')
  const repository = from && { name: NAME, url: from.url, suite: suite(), components: from.components, key }
  return { manager, name, version, hold, brings: [CONFIG], services: ['containerd'], repository }
}

/** Debian's and Ubuntu's name for their release: the suite of repositories made for it. */
const codename: Reading<string> = {
  key: 'machine:codename',
  lasting: 'fact',
  script: `sed -n 's/^VERSION_CODENAME=//p' ${path('/etc/os-release')}`,
  parse: (frame) => frame.trim(),
}
