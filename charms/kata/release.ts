import type { Blob } from '../../lib/host/kind.ts'
import type { Config } from './config.ts'
import { type Layout, layoutOf, readArchiveName } from './layout.ts'
import { refusalOf } from './shims.ts'

/** Something that is asked for and cannot be had. */
export interface Misfit {
  why: string
  mend: string
}

/** The archive that is to be in force. */
export interface Release {
  blob: Blob
  layout: Layout
  /** Where it is unpacked, beside other versions. */
  tree: string
  /** What is asked of it and it cannot give on this CPU (in uname's words), all at once. */
  faults(arch: string): Misfit[]
}

/** Nothing when neither the options nor the file name say which version it is. */
export function releaseOf(config: Config, blob: Blob): Release | undefined {
  const said = readArchiveName(blob.name)
  const version = config.version ?? said.version
  if (version === undefined) return undefined
  const layout = layoutOf(version, said.kind)
  return {
    blob,
    layout,
    tree: `${config.prefix}-${version}`,
    faults(arch) {
      if (said.kind === 'tools') {
        return [{ why: `${blob.name} holds tools, and no runtime`, mend: `give kata-static-${version} instead` }]
      }
      if (said.arch !== undefined && said.arch !== arch) {
        const mend = 'give each kind of machine its own application, with the archive for its CPU'
        return [{ why: `${blob.name} is for ${said.arch}, and this machine is ${arch || 'unknown'}`, mend }]
      }
      return config.shims.flatMap((shim) => refusalOf(shim, layout, arch) ?? [])
    },
  }
}
