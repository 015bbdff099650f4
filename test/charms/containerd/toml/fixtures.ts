import { existsSync, readdirSync, readFileSync } from 'node:fs'

/**
 * What becomes of each real configuration file:
 * - `edited`: a handler goes in and comes out again, in place where the schema is 2, by drop-in and import on 2.x;
 * - `invalid`: refused with this line:column;
 * - the rest: refused with the way out.
 */
export const OUTCOMES: Record<string, 'edited' | `invalid ${number}:${number}` | Refused> = {
  '01-v1-jessfraz': 'no version',
  '03-v1-nvidia-toolkit': 'no version',
  '05-v1-disabled-cri-docker': 'no version',
  '07-v1-disabled-cri-firecracker': 'no version',
  '09-noversion-mixed-cri': 'no version',
  '11-noversion-harbor': 'no version',
  '13-noversion-proxy-only': 'no version',
  '15-v1-kata-ci': 'no version',
  '16-v1-kata-nydus': 'no version',
  '17-v1-k3s-rendered': 'k3s',
  '18-v1-charm-containerd-untrusted': 'no version',
  '19-v2-charm-containerd-kata': 'edited',
  '21-v2-kata-untrusted-disabled': 'edited',
  '23-v2-tiny-root': 'edited',
  '25-v2-default-runtime-table': 'edited',
  '27-v2-kind-image-decryption': 'edited',
  '29-v2-minikube-kic': 'edited',
  '31-v2-nvidia-default': 'edited',
  '33-v2-aks-gb-nvidia': 'edited',
  '34-v2-aks-kata': 'edited',
  '35-v2-aks2-kata-mixed': 'edited',
  '36-v2-aks-dup-table-INVALID': 'invalid 20:5',
  '37-v2-cke-template-INVALID': 'invalid 56:35',
  '39-v2-createcandle-dump': 'edited',
  '41-v2-tabs-patches11': 'edited',
  '43-v2-gce-required-plugins': 'edited',
  '44-v2-kubespray-kata': 'edited',
  '45-v4-kubespray-kata': 'edited',
  '47-v3-imports-confd': 'edited',
  '49-v3-disabled-cri': 'CRI disabled',
  '51-v3-eks-nvidia': 'edited',
  '53-v3-talos-disabled': 'CRI disabled',
  '55-dropin-talos-cri': 'no version',
  '56-v3-kubeasz': 'edited',
  '57-v3-image-builder-gvisor': 'edited',
  '58-v3-kubeone-auth': 'edited',
  '59-v2-k3s-cdi-rendered': 'k3s',
  '60-v2-k3d-nvidia-rendered': 'k3s',
  '61-derived-crlf': 'edited',
  '62-derived-dotted-keys': 'edited',
  '63-derived-inline-tables': 'edited',
  '64-derived-utf8-bom': 'edited',
  '65-derived-stale-kata-import': 'edited',
  '66-v3-rke2-rendered': 'rke2',
}

export type Refused = 'no version' | 'k3s' | 'rke2' | 'CRI disabled'

/** A handler that no fixture has. */
export const HANDLER = {
  name: 'kcharm-try',
  runtimeType: 'io.containerd.kcharm-try.v2',
  runtimePath: '/opt/kcharm/kata/bin/containerd-shim-kata-v2',
  configPath: '/etc/kcharm/kata/configuration-try.toml',
  privilegedWithoutHostDevices: true,
  podAnnotations: ['io.katacontainers.*'],
  containerAnnotations: ['io.katacontainers.*'],
}

export const MAIN = '/etc/containerd/config.toml'
export const DROP_IN = '/etc/containerd/conf.d/50-kcharm.toml'

const FOLDER = new URL('../../../../../shared/fixtures/containerd/', import.meta.url)

/** The files at hand by name. They are not part of the project: nothing when they are not beside it, and that is said. */
export function readFixtures(): Map<string, string> {
  if (!existsSync(FOLDER)) {
    console.warn(`${FOLDER.pathname} is not here: none of the ${Object.keys(OUTCOMES).length} real files was tried`)
    return new Map()
  }
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.toml'))
  return new Map(names.map((name) => [name.replace(/\.toml$/, ''), readFileSync(new URL(name, FOLDER), 'utf8')]))
}

export function edited(fixtures: Map<string, string>): [string, string][] {
  return [...fixtures].filter(([name]) => OUTCOMES[name] === 'edited')
}

/** What `containerd config dump` of a real release made of a file. */
export interface Effective {
  plugin: string
  default: string
  handlers: Record<string, string>
}

/** As it was measured for the release nearest to this version; nothing where CRI is off or the file was refused. */
export function effectiveOf(name: string, daemon: string): Effective | undefined {
  const facts: { effective: Record<string, Effective> } = JSON.parse(
    readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'),
  )
  const release = { '1.6': '1.6.20-debian', '1.7': '1.7.32', '2.3': '2.4.2' }[daemon.slice(0, 3)] ?? daemon
  return facts.effective[release]
}
