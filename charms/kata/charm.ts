import { type Charm, defineCharm } from '../../lib/lifecycle/charm.ts'
import { moduleReading } from '../../lib/host/kernel-module.ts'
import { fileReading } from '../../lib/host/file.ts'
import { linkReading } from '../../lib/host/link.ts'
import { actions } from './actions/index.ts'
import { config } from './config.ts'
import { endpoints } from './context.ts'
import { foundKata } from './found.ts'
import { fitnessNeeds } from './judge.ts'
import { shippedConfig } from './configure.ts'
import { machine } from './machine.ts'
import { fitness, MODULES } from './fitness.ts'
import { sandboxes, shimState } from './observe.ts'
import { packageReadings } from './package.ts'
import { releaseOf } from './release.ts'
import { ownConfigOf } from './settings.ts'
import { upgrades } from './upgrades.ts'
import { MODULES_LOAD, stages, waits } from './stages.ts'

export const kata: Charm = defineCharm({
  name: 'kata',
  summary: 'Kata Containers beside a container runtime: pods in virtual machines of their own',
  subordinate: true,
  config,
  endpoints,
  resources: {
    kata: {
      description:
        'A release archive of Kata Containers, kata-static- or kata-go-static-VERSION-ARCH.tar.xz or .tar.zst',
      formats: ['tar.xz', 'tar.zst', 'tar.gz', 'tgz', 'tar'],
    },
    'repository-key': {
      description: 'The key that the option `repository` is signed with, as text',
      formats: ['asc', 'key'],
    },
  },
  chart: machine,
  observe(options, resources) {
    const release = resources['kata'] && releaseOf(options, resources['kata'])
    return [
      fitness(fitnessNeeds(options, resources['kata'])),
      sandboxes,
      linkReading(options.prefix),
      fileReading(MODULES_LOAD),
      ...MODULES.map(moduleReading),
      ...(options.source === 'present' || options.source === 'auto' ? [foundKata(options.prefix)] : []),
      ...(options.source === 'package' ? packageReadings(options) : []),
      ...(release ? options.shims.map((shim) => shimState(release.paths(shim))) : []),
      ...(release
        ? options.shims.flatMap((shim) => {
            const own = ownConfigOf(options, release, shim)
            return own ? [shippedConfig(own, false)] : []
          })
        : []),
    ]
  },
  stages,
  waits,
  heeds: () => null,
  actions,
  upgrades,
})
