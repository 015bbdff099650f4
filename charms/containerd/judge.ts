import { isVersion, WAYS } from '../../lib/host/package-manager.ts'
import { repositoryFault, upgradeFault } from '../../lib/host/packaged.ts'
import { remembered } from '../../lib/model/memo.ts'
import { kubeletDisagrees, refusedCgroup } from './cgroup.ts'
import { blocked, type Ctx, handlersOf, type Out } from './context.ts'
import { liveTasksOf } from './daemon.ts'
import type { Method } from './install.ts'
import { CONFIG, flavour, hasRunc, missingImports, unitFacts, versionIn } from './observe.ts'
import { refusedNoProxy } from './no-proxy.ts'
import type { FromPackage } from './package.ts'
import { preparedMain } from './prepare.ts'
import { readConfig, refusalOf, wayOutOf } from './toml/index.ts'
import { extraFault } from './extra.ts'
import { registryObjects } from './registries/files.ts'
import { refusedRegistries } from './registries/folder.ts'
import { unitDropIn } from './unit-drop-in.ts'
import { systemdCgroupOf } from './wish-of.ts'

/** Why the containerd of this machine is left alone, with the way out; or nothing. */
export function refusedMachine(context: Ctx, method: Exclude<Method, { by: 'nothing' }>): Out | undefined {
  return (
    otherVersion(context, method) ??
    refusedRepository(context, method) ??
    noRunc(context, method) ??
    otherUnit(context) ??
    refusedOptions(context, method) ??
    refusedConfig(context, method) ??
    refusedRegistries(context, method) ??
    refusedDriver(context, method) ??
    refusedNoProxy(context) ??
    unreadable(context)
  )
}

/** Distributions of Kubernetes that bring a containerd of their own. */
export function refusedFlavour(context: Ctx): Out | undefined {
  const found = context.view.read(flavour)
  if (found === undefined) return undefined
  if (found === 'k3s' || found === 'rke2') {
    return blocked(`${found} runs on this machine, but not its containerd`, `start ${found}, and deploy again`)
  }
  return blocked(
    `the containerd of this machine belongs to ${found}, which writes its configuration itself`,
    `${wayOutOf(found)}; take this machine out of the bundle`,
  )
}

/** Adopting a running daemon, or going on with ours: another version than the recorded one is an upgrade. */
function otherVersion(context: Ctx, method: Method): Out | undefined {
  if (context.ascent !== undefined) return undefined
  if (method.by === 'package') {
    const { version: asked } = context.config
    const fault = upgradeFault(method.name, method.installed, asked)
    const wasRight = asked !== undefined && context.version !== undefined && isVersion(asked, context.version)
    return fault && wasRight ? changedByHand(asked, method) : refusal(fault)
  }
  return method.by === 'archive' ? refusal(upgradeFault('containerd', context.version, method.version)) : undefined
}

/** It was the version that is asked for, and somebody has changed it. */
function changedByHand(asked: string, { name, manager, installed = '' }: FromPackage): Out {
  const back = `${manager === 'apt' ? 'apt-get' : manager} install ${WAYS[manager].spec(name, asked)}`
  return blocked(
    `${name} ${installed} is installed, and ${asked} is asked for: somebody has changed it`,
    `put it back (${back}), or set version to ${versionIn(installed) ?? 'what is there'}`,
  )
}

function refusedRepository({ config, resources }: Ctx, method: Method): Out | undefined {
  if (method.by !== 'package') return undefined
  const { repository, version } = config
  return refusal(repositoryFault({ repository, version, key: resources['repository-key'] }))
}

function refusal(fault: { message: string; hint: string } | undefined): Out | undefined {
  return fault && { blocked: fault }
}

function noRunc(context: Ctx, method: Method): Out | undefined {
  if (method.by !== 'archive' || context.resources['runc'] !== undefined || context.view.read(hasRunc)) return undefined
  return blocked(
    'there is no runc on the machine, and containerd’s archive brings none',
    'give the resource runc, or install it: apt-get install runc',
  )
}

/** The daemon reads another file than the one that would be edited, or takes its containers with it when it restarts. */
function otherUnit(context: Ctx): Out | undefined {
  const { config, killMode } = context.view.read(unitFacts)
  if (config !== undefined) {
    return blocked(
      `containerd.service runs containerd with the configuration ${config}; kcharm edits ${CONFIG}`,
      `take \`-c\` out of its ExecStart (systemctl edit containerd) and move the settings to ${CONFIG}`,
    )
  }
  const running = killMode === 'control-group' || killMode === 'mixed' ? liveTasksOf(context) : 0
  if (running === 0) return undefined
  return blocked(
    `containerd.service has KillMode=${killMode}: a restart would kill ${running} running containers`,
    'set KillMode=process in its [Service] (systemctl edit containerd), then deploy again',
  )
}

function refusedOptions(context: Ctx, { version }: { version?: string | undefined }): Out | undefined {
  for (const key of Object.keys(context.config.extra)) {
    const fault = extraFault(key)
    if (fault !== undefined) return blocked(`extra: ${key}: ${fault}`, 'correct the option extra')
  }
  const picky = handlersOf(context).filter((handler) => handler.snapshotter !== undefined)
  if (picky.length === 0 || !version?.startsWith('1.6.')) return undefined
  return blocked(
    `containerd ${version} knows no snapshotter of a single handler (${picky.map(({ name }) => name).join(', ')})`,
    'upgrade to containerd 1.7 or later, or leave the snapshotter to the default',
  )
}

const judged = remembered((given: { text: string; daemon: string }) => {
  const facts = readConfig(given.text, { path: CONFIG, daemon: given.daemon })
  return {
    refusal: refusalOf(facts),
    imports: facts.imports.filter((each) => each.startsWith('/') && !each.includes('*')),
  }
})

function refusedConfig(context: Ctx, method: Exclude<Method, { by: 'nothing' }>): Out | undefined {
  const text = method.version === undefined ? undefined : preparedMain(context, method.version)
  if (text === undefined || method.version === undefined) return undefined
  const { refusal, imports } = judged({ text, daemon: method.version })
  if (refusal) return blocked(refusal.why, refusal.wayOut)
  const missing = imports.length === 0 ? [] : context.view.read(missingImports(imports))
  if (missing.length === 0) return undefined
  return blocked(
    `${CONFIG} imports ${missing.join(', ')}, which is not there`,
    'put the file back, or take it out of imports',
  )
}

/** What only the operator's side can say is asked before anything is changed: these throw. */
function unreadable(context: Ctx): undefined {
  registryObjects(context)
  unitDropIn(context)
  return undefined
}

function refusedDriver(context: Ctx, { version }: { version?: string | undefined }): Out | undefined {
  if (version === undefined) return undefined
  const wish = { handlers: [], ...systemdCgroupOf(context.config) }
  return kubeletDisagrees(context) ?? refusedCgroup(context, { version, wish })
}
