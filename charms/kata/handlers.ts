import type { RuntimeHandler } from '../../lib/model/interfaces.ts'
import type { Config } from './config.ts'
import type { Misfit, Release } from './release.ts'
import { type ShimName, shimOf } from './shims.ts'

/** A handler and the shim behind it. */
export interface Wired {
  shim: ShimName
  handler: RuntimeHandler
}

/**
 * The handlers as kata-deploy wires them: a type of their own, the shim by path, the configuration by path. One more of them is the
 * alias. `configOf` says where a shim's configuration lies.
 */
export function handlersOf(config: Config, release: Release, configOf: (shim: ShimName) => string): Wired[] {
  const named = config.shims.map((shim) => ({ shim, name: nameOf(config, shim) }))
  const alias = config.default === undefined ? [] : [{ shim: config.default, name: config.alias }]
  return [...named, ...alias].map(({ shim, name }) => {
    const runtimePath = release.paths(shim).binary
    return {
      shim,
      handler: { ...wired(config, shim), name, runtimeType: typeOf(name), runtimePath, configPath: configOf(shim) },
    }
  })
}

export function namesOf(config: Config): string[] {
  const alias = config.default === undefined ? [] : [config.alias]
  return [...config.shims.map((shim) => nameOf(config, shim)), ...alias]
}

/** What does not go together in the options, in words. */
export function nameFaults(config: Config): Misfit[] {
  const names = namesOf(config)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  const stranger = Object.keys(config.handlers).find((shim) => !config.shims.some((each) => each === shim))
  const unblocked = config.shims.find((shim) => shimOf(shim).block && config.snapshotters[shim] === undefined)
  return [
    ...(twice === undefined ? [] : [{ why: `two handlers are named ${twice}`, mend: 'give one another name' }]),
    ...(names.includes('runc')
      ? [{ why: 'a handler named runc would take the place of runc', mend: 'give it another name' }]
      : []),
    ...(config.default !== undefined && !config.shims.includes(config.default)
      ? [{ why: `default is ${config.default}, which is not among the shims`, mend: 'add it to shims' }]
      : []),
    ...(stranger === undefined
      ? []
      : [{ why: `handlers names ${stranger}, which is not among the shims`, mend: 'add it to shims' }]),
    ...(unblocked === undefined
      ? []
      : [
          {
            why: `the shim ${unblocked} takes block devices only, and the default snapshotter gives it none`,
            mend: `name a block snapshotter that containerd has: snapshotters: { ${unblocked}: devmapper }`,
          },
        ]),
  ]
}

function wired(config: Config, shim: ShimName): Partial<RuntimeHandler> {
  const snapshotter = config.snapshotters[shim]
  return {
    privilegedWithoutHostDevices: config.privileged_without_host_devices,
    podAnnotations: config.pod_annotations,
    ...(config.container_annotations.length === 0 ? {} : { containerAnnotations: config.container_annotations }),
    ...(snapshotter === undefined ? {} : { snapshotter }),
  }
}

function nameOf(config: Config, shim: ShimName): string {
  return config.handlers[shim] ?? `kata-${shim}`
}

function typeOf(name: string): string {
  return `io.containerd.${name}.v2`
}
