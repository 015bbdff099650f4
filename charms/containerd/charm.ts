import { fileReading, textReading } from '../../lib/host/file.ts'
import { packageReading } from '../../lib/host/package.ts'
import { type Charm, defineCharm } from '../../lib/lifecycle/charm.ts'
import { config } from './config.ts'
import { machine } from './machine.ts'
import { CONFIG, criHealth, daemonVersion, effectiveConfig, flavour, lacksSysResource } from './observe.ts'
import { endpoints, handlersOf, stages, waits } from './stages.ts'

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
  },
  chart: machine,
  observe: () => [
    flavour,
    packageReading('containerd'),
    packageReading('containerd.io'),
    daemonVersion,
    lacksSysResource,
    fileReading(CONFIG),
    textReading(CONFIG),
    criHealth,
    effectiveConfig,
  ],
  stages,
  waits,
  heeds: handlersOf,
})
