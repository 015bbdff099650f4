import { fileReading, textReading } from '../../lib/host/file.ts'
import { packageManager } from '../../lib/host/package-manager.ts'
import { packageReading } from '../../lib/host/package.ts'
import { type Charm, defineCharm } from '../../lib/lifecycle/charm.ts'
import { actions } from './actions.ts'
import { config } from './config.ts'
import { machine } from './machine.ts'
import { endpoints, handlersOf } from './context.ts'
import {
  CONFIG,
  criHealth,
  daemonVersion,
  DROP_IN,
  effectiveConfig,
  flavour,
  kubeletDriver,
  lacksSysResource,
  unitFacts,
} from './observe.ts'
import { PACKAGES } from './package.ts'
import { upgrades } from './upgrades.ts'
import { rancherReading } from './rancher.ts'
import { stages, waits } from './stages.ts'

export const containerd: Charm = defineCharm({
  name: 'containerd',
  summary: 'The containerd container runtime, with the handlers of related sandbox runtimes',
  subordinate: false,
  config,
  endpoints,
  resources: {
    containerd: {
      description: 'containerd’s own release archive, containerd-VERSION-linux-ARCH.tar.gz, for `source: archive`',
      formats: ['tar.gz', 'tgz', 'tar.xz', 'tar.zst', 'tar'],
    },
    'containerd-via': {
      description: 'The archive of the version on the way, where an upgrade must not go to the last one at once',
      formats: ['tar.gz', 'tgz', 'tar.xz', 'tar.zst', 'tar'],
    },
    'repository-key': {
      description: 'The key that the option `repository` is signed with, as text (.asc) or as apt keeps it (.gpg)',
      formats: ['asc', 'gpg', 'key'],
    },
    runc: {
      description: 'runc’s own program, runc.ARCH, which goes before the machine’s; default: the machine’s',
      formats: ['amd64', 'arm64', 'armel', 'armhf', 'ppc64le', 'riscv64', 's390x'],
    },
    'cni-plugins': {
      description: 'The CNI plugins’ own archive, cni-plugins-linux-ARCH-vVERSION.tgz, for /opt/cni/bin; default: none',
      formats: ['tgz', 'tar.gz'],
    },
  },
  chart: machine,
  observe: (options) => [
    flavour,
    rancherReading,
    ...(options.package_manager === 'auto' ? [packageManager] : []),
    ...PACKAGES.map((name) =>
      packageReading(name, options.package_manager === 'auto' ? 'apt' : options.package_manager),
    ),
    daemonVersion,
    lacksSysResource,
    unitFacts,
    kubeletDriver,
    fileReading(CONFIG),
    textReading(CONFIG),
    textReading(DROP_IN),
    criHealth,
    effectiveConfig,
  ],
  stages,
  actions,
  waits,
  heeds: handlersOf,
  upgrades,
})
