import type { Kind, Undoer } from './kind.ts'
import { path, quote } from './shell.ts'
import { isUnknown, type Reading } from './view.ts'

/** A kernel module loaded now; that it is loaded at boot is a file of its own in /etc/modules-load.d. */
export interface KernelModuleObject {
  kind: 'kernel-module'
  name: string
}

const kernelModuleUndoer: Undoer = {
  prefix: 'mod',
  reading: (name) => moduleReading(name),
  /** Unloading is tried, not insisted on. */
  holds: (wanted, have) => !(wanted as { loaded: boolean }).loaded || (have as { loaded: boolean }).loaded,
  /** A module that somebody else uses by now stays loaded, and that is said. */
  restore: (name, to) =>
    (to as { loaded: boolean }).loaded
      ? ':'
      : `[ ! -d ${path(`/sys/module/${underscored(name)}`)} ] || modprobe -r ${quote(name)} 2>/dev/null || kc_say kept module ${quote(name)}`,
}

export const kernelModule: Kind<KernelModuleObject> = {
  undo: kernelModuleUndoer,
  reading: (object) => moduleReading(object.name),
  plan(object, view) {
    const before = view.peek(moduleReading(object.name))
    if (isUnknown(before) || before.loaded) return undefined
    return {
      key: `mod:${object.name}`,
      verb: `load the kernel module ${object.name}`,
      before,
      after: { loaded: true },
      sides: {},
      script: `modprobe ${quote(object.name)}`,
    }
  },
}

/** Loaded or built in: `/sys/module/NAME` (with parameters) or the kernel's own list. */
export function moduleReading(name: string): Reading<{ loaded: boolean }> {
  return {
    key: `mod:${name}`,
    lasting: 'cell',
    script: `kc_module ${quote(underscored(name))}`,
    parse: (frame) => ({ loaded: frame === 'loaded' }),
  }
}

function underscored(name: string): string {
  return name.replaceAll('-', '_')
}
