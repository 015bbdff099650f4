import { containerd } from '../../../charms/containerd/charm.ts'
import type { EditObject } from '../../../lib/host/edit.ts'
import type { FileObject } from '../../../lib/host/file.ts'
import type { Blob } from '../../../lib/host/kind.ts'
import type { HostObject } from '../../../lib/host/objects.ts'
import { runStage, type StageState } from '../../../lib/testing/index.ts'

export const CONFIG = '/etc/containerd/config.toml'
export const DROP_IN = '/etc/containerd/conf.d/50-kcharm.toml'
export const V2 = 'version = 2\n'
export const handler = {
  name: 'kata-qemu',
  runtimeType: 'io.containerd.kata-qemu.v2',
  runtimePath: '/opt/kata/bin/shim',
}
export const blob: Blob = { sha256: 'b'.repeat(64), size: 1, from: '/x', name: 'containerd-2.3.7-linux-amd64.tar.gz' }
/** containerd's own archive of a version. */
export function archiveOf(version: string): Blob {
  return { ...blob, name: `containerd-${version}-linux-amd64.tar.gz` }
}

export const archive: StageState = { config: { source: 'archive' }, resources: { containerd: blob } }

/** A machine with Debian's containerd 1.7.24 and a small configuration, as a stage sees it. */
export function machine(observed: Record<string, unknown> = {}, rest: StageState = {}): StageState {
  const facts = {
    'machine:package-manager': 'apt',
    'containerd:flavour': undefined,
    'containerd:version': undefined,
    'containerd:capabilities': false,
    'containerd:runc': true,
    'containerd:tasks': 0,
    'containerd:unit': { killMode: 'process' },
    'containerd:kubelet-driver': undefined,
    'pkg:containerd': { state: 'installed', version: '1.7.24~ds1-6' },
    'pkg:containerd.io': { state: 'none' },
    [`text:${CONFIG}`]: V2,
    [`text:${DROP_IN}`]: '',
  }
  return { ...rest, observed: { ...facts, ...observed } }
}

/** What a daemon of this version gets. */
export function withVersion(version: string, text: string): Record<string, unknown> {
  return { 'pkg:containerd': { state: 'installed', version }, [`text:${CONFIG}`]: text }
}

export function objectsOf(stage: string, state: StageState): HostObject[] {
  return runStage(containerd, stage, state).objects ?? []
}

/** The main file after every edit of it, on this text. */
export function mainAfter(objects: HostObject[], text: string): string {
  const edits = objects.filter((each): each is EditObject => each.kind === 'edit' && each.path === CONFIG)
  return edits.reduce((before, { fn }) => fn(before), text)
}

export function fileText(objects: HostObject[], path: string): string | undefined {
  const file = objects.find((each): each is FileObject => each.kind === 'file' && each.path === path)
  return typeof file?.text === 'function' ? file.text() : file?.text
}
