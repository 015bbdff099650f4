import { buildContainerd2, makeStandInKata } from '../../../lib/lab/index.ts'

/** Handlers of the stand-in Kata, and where its shim and configuration lie. */
export const KATA = {
  handler: 'kata-qemu',
  shim: '/opt/kata/bin/containerd-shim-kata-v2',
  config: '/opt/kata/share/defaults/kata-containers/configuration-qemu.toml',
}

/**
 * Applications of a bundle, as YAML: containerd on machines with the tag `package`, containerd-2 from its archive on those
 * with the tag `archive`, and a Kata for each (a Kata has one runtime).
 */
export async function applications(tags: readonly ('package' | 'archive')[]): Promise<string> {
  const parts = tags.map((tag) => (tag === 'package' ? packaged() : archived()))
  return `applications:\n${(await Promise.all(parts)).join('')}`
}

export const RELATIONS = { package: '[kata, containerd]', archive: '[kata-2, containerd-2]' }

async function packaged(): Promise<string> {
  return `  containerd: { charm: containerd, to: tag=package }\n${await kata('kata')}`
}

async function archived(): Promise<string> {
  const { path, sha256 } = await buildContainerd2((line) => console.log(line))
  return `  containerd-2:
    charm: containerd
    to: tag=archive
    options: { source: archive }
    resources: { containerd: { path: ${path}, sha256: ${sha256} } }
${await kata('kata-2')}`
}

/** The nodes are containers without a /dev/kvm of their own: preflight only warns. */
async function kata(name: string): Promise<string> {
  const { path, sha256 } = await makeStandInKata()
  return `  ${name}:
    charm: kata
    options: { preflight: warn }
    resources: { kata: { path: ${path}, sha256: ${sha256} } }
`
}
