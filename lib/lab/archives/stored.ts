import { crc32 } from 'node:zlib'

/** The compressions that Kata's releases have come in. */
export type Compression = 'gz' | 'xz' | 'zst'

/**
 * Wraps bytes in a compression's format without compressing them. What comes out depends on nothing but the bytes: no version of
 * a library or program can change its digest. There must be at least one byte.
 */
export function store(bytes: Buffer, compression: Compression): Buffer {
  return { gz: gzip, xz, zst: zstd }[compression](bytes)
}

/** RFC 1952, with the stored blocks of RFC 1951. */
function gzip(bytes: Buffer): Buffer {
  const blocks = slices(bytes, 0xffff).map((part, i, all) => {
    return Buffer.concat([byte(i === all.length - 1 ? 1 : 0), uint16(part.length), uint16(~part.length & 0xffff), part])
  })
  return Buffer.concat([
    Buffer.from('1f8b08000000000000ff', 'hex'),
    ...blocks,
    uint32(crc32(bytes)),
    uint32(bytes.length),
  ])
}

/** RFC 8878: one frame that names its size, raw blocks. */
function zstd(bytes: Buffer): Buffer {
  const blocks = slices(bytes, 0x20000).map((part, i, all) => {
    const head = uint32((part.length << 3) | (i === all.length - 1 ? 1 : 0))
    return Buffer.concat([head.subarray(0, 3), part])
  })
  return Buffer.concat([Buffer.from('28b52ffda0', 'hex'), uint32(bytes.length), ...blocks])
}

/** https://tukaani.org/xz/xz-file-format.txt: one block of uncompressed LZMA2 chunks, checked by CRC32. */
function xz(bytes: Buffer): Buffer {
  const flags = Buffer.from([0, 1])
  const head = withCrc(Buffer.from([2, 0, 0x21, 1, 8, 0, 0, 0]))
  const chunks = slices(bytes, 0x10000).map((part, i) => {
    const size = part.length - 1
    return Buffer.concat([Buffer.from([i === 0 ? 1 : 2, size >> 8, size & 0xff]), part])
  })
  const data = Buffer.concat([...chunks, byte(0)])
  const index = withCrc(
    pad(Buffer.concat([Buffer.from([0, 1]), varint(head.length + data.length + 4), varint(bytes.length)])),
  )
  const tail = Buffer.concat([uint32(index.length / 4 - 1), flags])
  return Buffer.concat([
    ...[Buffer.from('fd377a585a00', 'hex'), withCrc(flags)],
    ...[head, pad(data), uint32(crc32(bytes))],
    ...[index, uint32(crc32(tail)), tail, Buffer.from('YZ')],
  ])
}

function slices(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

function withCrc(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, uint32(crc32(bytes))])
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}

function varint(value: number): Buffer {
  return value < 0x80 ? byte(value) : Buffer.concat([byte((value & 0x7f) | 0x80), varint(value >>> 7)])
}

function byte(value: number): Buffer {
  return Buffer.from([value])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
