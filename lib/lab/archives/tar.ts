/** An entry of an archive; exactly one of `file` and `link`, or neither: a folder. */
export interface TarEntry {
  /** Without a leading slash, up to 100 bytes. */
  path: string
  mode?: number
  file?: string | Buffer
  /** A symbolic link's target. */
  link?: string
}

const BLOCK = 512
const DAY = 1_700_000_000 // one modification time for all: the same entries are the same bytes on every day

/** A tar archive (POSIX ustar) whose entries belong to root, in the order given. */
export function packTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(packEntry), Buffer.alloc(2 * BLOCK)])
}

function packEntry(entry: TarEntry): Buffer[] {
  const body = Buffer.from(entry.file ?? '')
  return [header(entry, body.length), body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]
}

function header({ path, mode, file, link }: TarEntry, size: number): Buffer {
  const type = link !== undefined ? '2' : file !== undefined ? '0' : '5'
  const name = type === '5' ? `${path}/` : path
  if (Buffer.byteLength(name) > 100) throw new RangeError(`too long for this archive: ${name}`)
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0)
  block.write(octal(mode ?? (type === '0' ? 0o644 : type === '2' ? 0o777 : 0o755), 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(DAY, 12), 136)
  block.write(' '.repeat(8), 148) // the checksum counts itself as blanks
  block.write(type, 156)
  block.write(link ?? '', 157, 100)
  block.write('ustar\x0000', 257)
  block.write('root', 265)
  block.write('root', 297)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 7)}\0 `, 148)
  return block
}

/** Digits and a closing zero byte. */
function octal(value: number, width: number): string {
  return value.toString(8).padStart(width - 1, '0')
}
