import type { Config } from './config.ts'
import { type Ctx, handlersOf } from './context.ts'
import { extraSettings } from './extra.ts'
import { restrictsOom } from './oom.ts'
import { registryFolder } from './registries/folder.ts'
import type { Wish } from './toml/index.ts'

/** What options and related units want in the configuration. */
export function wishOf(context: Ctx): Wish {
  const { config } = context
  const extra = extraSettings(config.extra)
  return {
    handlers: handlersOf(context),
    ...(restrictsOom(context) ? { restrictOom: true as const } : {}),
    ...(config.sandbox_image === undefined ? {} : { pauseImage: config.sandbox_image }),
    ...systemdCgroupOf(config),
    ...(config.registries.length === 0 ? {} : { registryFolder: registryFolder(context) }),
    ...(extra.length === 0 ? {} : { extra }),
  }
}

export function systemdCgroupOf({ systemd_cgroup: choice }: Config): Pick<Wish, 'systemdCgroup'> {
  return choice === 'auto' ? {} : { systemdCgroup: choice === 'true' }
}
