import { path } from '../../lib/host/shell.ts'
import { type HostObject, readingOf } from '../../lib/host/objects.ts'
import type { Reading } from '../../lib/host/view.ts'
import type { Config } from './config.ts'
import { blocked, type Ctx, type Out } from './context.ts'
import { type DaemonPlaces, flavour } from './observe.ts'
import { isOne } from './toml/facts.ts'
import { type ConfigFacts, intentOf, readConfig, renderDropIn } from './toml/index.ts'
import { wishOf } from './wish-of.ts'

/**
 * The containerd inside k3s or RKE2. Its configuration is rendered anew at each start of the service; what lasts is a folder
 * of drop-ins beside it, which releases since February 2026 import (k3s-io/k3s#13680).
 */
export interface Rancher {
  flavour: 'k3s' | 'rke2'
  /** What runs containerd, the kubelet and on a server the API: `k3s-agent`. */
  service: string
  version: string
  /** The rendered configuration. */
  text: string
}

const RANCHER_SOCKET = '/run/k3s/containerd/containerd.sock'

/** Nothing on other machines. One frame: what is on the first line, and below it the configuration in base64. */
export const rancherReading: Reading<Rancher | undefined> = {
  key: 'containerd:rancher',
  lasting: 'fact',
  script: [
    'for each in rke2-server rke2-agent k3s-agent k3s; do',
    '  case $each in k3s*) home=k3s bin=data/current/bin ;; *) home=rke2 bin=bin ;; esac',
    `  at=${path('/var/lib/rancher')}/$home`,
    '  [ -f "$at/agent/etc/containerd/config.toml" ] && systemctl -q is-active "$each" || continue',
    `  echo "$home $each $("$at/$bin/containerd" --version | cut -d' ' -f3)"; base64 "$at/agent/etc/containerd/config.toml"; break`,
    'done',
  ].join('\n'),
  parse(frame) {
    const [head = '', ...text] = frame.split('\n')
    const [, flavour, service, version] = /^(k3s|rke2) (\S+) v?(\d+\.\d+\.\d+)/.exec(head) ?? []
    if ((flavour !== 'k3s' && flavour !== 'rke2') || service === undefined || version === undefined) return undefined
    return { flavour, service, version, text: Buffer.from(text.join(''), 'base64').toString('utf8') }
  },
}

/** The one of this machine, where that runs. */
export function rancherOf({ view }: Ctx): Rancher | undefined {
  const found = view.read(flavour)
  return found === 'k3s' || found === 'rke2' ? view.read(rancherReading) : undefined
}

export interface RancherPlaces extends DaemonPlaces {
  /** Its drop-ins. */
  folder: string
  dropIn: string
}

/** How the charm reaches it. */
export function rancherPlaces({ flavour, text, version }: Rancher): RancherPlaces {
  const home = `/var/lib/rancher/${flavour}`
  const config = `${home}/agent/etc/containerd/config.toml`
  const { schema } = readConfig(text, { path: config, daemon: version })
  const folder = `${home}/agent/etc/containerd/config${schema > 2 ? '-v3' : ''}.toml.d`
  const bin = `${home}/${flavour === 'k3s' ? 'data/current/bin' : 'bin'}`
  return { config, folder, dropIn: `${folder}/50-kcharm.toml`, bin, socket: RANCHER_SOCKET }
}

/** Why this one is left alone, with the way out; or nothing. */
export function refusedRancher(context: Ctx, rancher: Rancher): Out | undefined {
  const { flavour, version } = rancher
  const { config, folder } = rancherPlaces(rancher)
  const own = ownWords(context)
  if (own.length > 0) {
    return blocked(
      `${flavour} decides about ${own.join(', ')} itself`,
      `take that out of the bundle, and set it in ${flavour}'s own configuration or registries.yaml (/etc/rancher/${flavour})`,
    )
  }
  if (isOne(version)) {
    return blocked(
      `the containerd ${version} of ${flavour} merges no drop-ins: one would take all CRI settings away`,
      `upgrade ${flavour} to a release with containerd 2.x, or add the handler to its template by hand`,
    )
  }
  if (mainFacts(rancher).imports.includes(`${folder}/*.toml`)) return undefined
  return blocked(
    `${config} does not import ${folder}/*.toml: this ${flavour} is older than that folder, or its template leaves it out`,
    `upgrade ${flavour}, or write ${folder.replace(/\.d$/, '.tmpl')} with two lines: imports = ["${folder}/*.toml"] and {{ template "base" . }}`,
  )
}

export function rancherObjects(context: Ctx, rancher: Rancher): HostObject[] {
  const { folder, dropIn, bin } = rancherPlaces(rancher)
  const wish = wishOf(context)
  const facts = mainFacts(rancher)
  const file: HostObject = {
    kind: 'file',
    path: dropIn,
    text: renderDropIn(facts, wish),
    intent: intentOf(wish, facts).join('; '),
    validate: { argv: [`${bin}/containerd`, '-c', '{new}', 'config', 'dump'], forbid: 'Ignoring unknown key' },
  }
  const service: HostObject = { kind: 'service', name: rancher.service, reads: [readingOf(file)] }
  return [{ kind: 'directory', path: folder }, file, service]
}

/** The rendered file as an operator's: that k3s writes it anew is known here. */
export function mainFacts(rancher: Rancher): ConfigFacts {
  return readConfig(rancher.text, { path: rancherPlaces(rancher).config, daemon: rancher.version })
}

/** Options and resources that are not for the containerd inside of something else. */
function ownWords({ config, resources }: Ctx): string[] {
  const named = (Object.keys(UNSET) as (keyof typeof UNSET)[]).filter(
    (name) => JSON.stringify(config[name]) !== JSON.stringify(UNSET[name]),
  )
  const given = Object.entries(resources).flatMap(([name, blob]) => (blob ? [`the resource ${name}`] : []))
  return [...named, ...given]
}

const UNSET = {
  source: 'auto',
  migrate_config: false,
  enable_cri: false,
  systemd_cgroup: 'auto',
  sandbox_image: undefined,
  registries: [],
  http_proxy: undefined,
  https_proxy: undefined,
  limit_nofile: undefined,
} satisfies Partial<Record<keyof Config, unknown>>
