/** A file of an initial RAM disk; without `bytes` a folder. */
export interface CpioEntry {
  /** Without a leading slash. */
  path: string
  mode: number
  bytes?: Buffer
  owner?: number
}

/** A cpio archive of the "newc" form, as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function packCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, i) => packEntry(entry, i + 1))
  return pad(Buffer.concat([...parts, packEntry({ path: 'TRAILER!!!', mode: 0, bytes: Buffer.alloc(0) }, 0)]))
}

function packEntry({ path, mode, bytes, owner = 0 }: CpioEntry, inode: number): Buffer {
  const type = mode === 0 ? 0 : bytes ? 0o100000 : 0o040000
  const size = bytes?.length ?? 0
  const fields = [inode, type | mode, owner, owner, 1, 0, size, 0, 0, 0, 0, path.length + 1, 0]
  const head = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}${path}\0`
  return Buffer.concat([pad(Buffer.from(head)), pad(bytes ?? Buffer.alloc(0))])
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}
